#include "core/upstream/client.h"

#include <utility>

#include "core/upstream/dialed_stream.h"

namespace weir::upstream {
namespace {

constexpr Error kNoUpstream = {ErrorCode::kNotFound, Origin::kLocal,
                               "the upstream is not in the configuration"};
constexpr Error kTooManyCalls = {ErrorCode::kExhausted, Origin::kLocal, "too many calls"};
constexpr Error kNeedsProxyHeader = {ErrorCode::kInvalid, Origin::kLocal,
                                     "the upstream expects PROXY protocol headers"};

}  // namespace

// The caller's end of a call.
class Client::Handle final : public http::Call {
 public:
  Handle(event::Loop& loop, std::unique_ptr<ClientCall> call)
      : loop_(loop), call_(std::move(call)) {}
  ~Handle() override {
    call_->cancel();
    loop_.destroyLater(std::move(call_));
  }

  void sendBody(Bytes bytes) override { call_->sendBody(bytes); }
  void finish(const http::Headers* trailers) override { call_->finish(trailers); }
  std::size_t queued() const override { return call_->queued(); }
  void setReading(bool reading) override { call_->setReading(reading); }

 private:
  event::Loop& loop_;
  std::unique_ptr<ClientCall> call_;
};

Client::~Client() {
  while (!calls_.empty()) calls_.front()->cancel();
}

std::unique_ptr<http::Call> Client::call(NameId upstream, const http::CallRequest& request,
                                         const http::CallOptions& options,
                                         http::CallEvents& events) {
  const bool full = calls_.size() >= kMostCalls;
  auto made = std::make_unique<ClientCall>(ClientCall::Tools{tools_.loop, calls_}, options, events);
  Cluster* const cluster = tools_.find(upstream);
  if (cluster == nullptr) {
    made->beginFailed(Reason::kNoHealthyUpstream, kNoUpstream);
  } else if (cluster->plan().options.proxy_protocol != net::ProxyVersion::kNone) {
    made->beginFailed(Reason::kNoHealthyUpstream, kNeedsProxyHeader);
  } else if (full) {
    made->beginFailed(Reason::kQueueFull, kTooManyCalls);
  } else {
    made->begin(*cluster, request);
  }
  return std::make_unique<Handle>(tools_.loop, std::move(made));
}

Result<std::unique_ptr<net::Stream>> Client::dial(NameId upstream, const net::Address* to) {
  Cluster* const cluster = tools_.find(upstream);
  if (cluster == nullptr) return kNoUpstream;
  if (cluster->plan().options.proxy_protocol != net::ProxyVersion::kNone) return kNeedsProxyHeader;
  return DialedStream::dial(tools_.loop, *cluster, to);
}

}  // namespace weir::upstream
