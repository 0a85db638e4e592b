#include "core/http/fetch.h"

#include "core/http/header_id.h"

namespace weir::http {
namespace {

constexpr Error kReplyTooLarge = {ErrorCode::kTooLarge, Origin::kUpstream,
                                  "the response's body is too large"};

class Fetch final : public Call, private CallEvents {
 public:
  using Done = std::function<void(Fetched)>;
  Fetch(std::size_t limit, Done done) : limit_(limit), done_(std::move(done)) {}

  void start(Client& client, NameId upstream, const CallRequest& request,
             const CallOptions& options) {
    call_ = client.call(upstream, request, options, *this);
  }

  void sendBody(Bytes bytes) override {
    if (call_ != nullptr) call_->sendBody(bytes);
  }
  void finish(const Headers* trailers) override {
    if (call_ != nullptr) call_->finish(trailers);
  }
  std::size_t queued() const override { return call_ == nullptr ? 0 : call_->queued(); }
  void setReading(bool reading) override {
    if (call_ != nullptr) call_->setReading(reading);
  }

 private:
  void onHead(const Response& response) override {
    const bool has_body = response.body != BodyKind::kNone && response.has_content_length;
    if (has_body && response.content_length > limit_) return failTooLarge();
    reply_.status = response.status;
    for (const Header& each : response.headers) reply_.headers.emplace_back(each.name, each.value);
    if (has_body) reply_.body.reserve(static_cast<std::size_t>(response.content_length));
  }
  void onBody(Bytes bytes) override {
    if (bytes.size() > limit_ - reply_.body.size()) return failTooLarge();
    reply_.body.append(asText(bytes));
  }
  void onEnd(const Headers&) override { end({std::move(reply_), Reason::kNone}); }
  void onFailed(Reason reason, Error error) override { end({error, reason}); }
  void failTooLarge() { end({kReplyTooLarge, Reason::kUpstreamProtocolError}); }

  void end(Fetched fetched) {
    call_.reset();
    const Done done = std::move(done_);
    done(std::move(fetched));  // may destroy this object
  }

  const std::size_t limit_;
  Done done_;
  Reply reply_;
  std::unique_ptr<Call> call_;
};

}  // namespace

std::string_view Reply::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (equalsIgnoringCase(each, name)) return value;
  }
  return {};
}

std::unique_ptr<Call> fetch(Client& client, NameId upstream, const CallRequest& request,
                            const CallOptions& options, std::function<void(Fetched)> done) {
  auto made = std::make_unique<Fetch>(options.most_body, std::move(done));
  made->start(client, upstream, request, options);
  return made;
}

}  // namespace weir::http
