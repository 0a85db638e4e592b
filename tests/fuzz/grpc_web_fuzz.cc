// gRPC-Web framing with arbitrary bytes: text decodes to the same bytes for every division into
// pieces, and responses always end with a frame of trailers.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/check.h"
#include "core/filter/chain.h"
#include "gateway/transform/grpc_web.h"

namespace weir {
namespace {

class GrpcWebMaker final : public filter::Maker {
 public:
  GrpcWebMaker() : Maker(1) {}
  filter::Filter* make(Arena&, filter::Control& control) const override {
    return new gateway::GrpcWeb(config_, control);
  }
  void destroy(filter::Filter* filter) const override { delete filter; }

 private:
  const gateway::GrpcWeb::Config config_{};
};

// An exchange with this filter alone.
class WebExchange final : public filter::Host {
 public:
  explicit WebExchange(std::string_view type) {
    chain_.push_back({1, "grpc_web", std::make_unique<GrpcWebMaker>()});
    filters_.emplace(chain_, *this);
    request_.headers.set(http::HeaderId::kContentType, type);
    request_.body = http::BodyKind::kStream;
    response_.body = http::BodyKind::kStream;
    WEIR_CHECK(filters_->onRequest(request_) == filter::Pass::kDone);
    WEIR_CHECK(filters_->onResponse(response_) == filter::Pass::kDone);
  }

  // The body after the filter, which receives it in pieces of `step` bytes; nothing if it is
  // refused.
  std::optional<std::string> pass(filter::Side side, Bytes body, std::size_t step) {
    filter::BodyChain& bodies = *filters_->bodies(side);
    bodies.open();
    while (!body.empty()) {
      const Bytes piece = body.first(std::min(step, body.size()));
      body = body.subspan(piece.size());
      bodies.push(piece);
    }
    bodies.end();
    if (refused_) return std::nullopt;
    WEIR_CHECK(ended_);
    return passed_;
  }

 private:
  event::Loop& loop() override { return loop_; }
  Arena& arena() override { return arena_; }
  http::ExchangeView& view() override { return view_; }
  std::string_view clientAddress() override { return {}; }
  void onResumed() override {}
  void onWatched(filter::Side, filter::BodyChain&) override {}
  void onBodyWanted() override {}
  void onFiltered(filter::Side, Bytes bytes) override { passed_ += asText(bytes); }
  void onFilteredEnd(filter::Side) override { ended_ = true; }
  void onReply(const filter::LocalReply&, NameId) override {
    refused_ = true;
    filters_->stop();
  }

  event::Loop loop_{event::Loop::Time::kManual};
  Arena arena_{loop_.scratch()};
  http::ExchangeView view_{http::ExchangeRecord()};
  http::Request request_{arena_};
  http::Response response_{arena_};
  filter::Chain chain_;
  std::optional<filter::Filters> filters_;
  std::string passed_;
  bool refused_ = false;
  bool ended_ = false;
};

// The body at the upstream, or nothing if it is refused.
std::optional<std::string> decode(Bytes body, std::size_t step) {
  return WebExchange("application/grpc-web-text").pass(filter::Side::kRequest, body, step);
}

void encode(Bytes body) {
  const auto encoded =
      WebExchange("application/grpc-web")
          .pass(filter::Side::kResponse, body, std::max<std::size_t>(body.size(), 1));
  WEIR_CHECK(encoded == std::string(asText(body)) + std::string("\x80\0\0\0\0", 5));
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes body(reinterpret_cast<const char*>(data), size);
  const auto whole = weir::decode(body, std::max<std::size_t>(size, 1));
  WEIR_CHECK(weir::decode(body, 1) == whole);
  WEIR_CHECK(weir::decode(body, 3) == whole);
  weir::encode(body);
  return 0;
}
