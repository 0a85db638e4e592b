#include "core/http/grpc_call.h"

#include <utility>

#include "core/http/grpc_frame.h"

namespace weir::http {
namespace {

constexpr std::string_view kGrpcType = "application/grpc";

bool isGrpcType(std::string_view type) {
  if (!equalsIgnoringCase(type.substr(0, kGrpcType.size()), kGrpcType)) return false;
  return type.size() == kGrpcType.size() || type[kGrpcType.size()] == '+' ||
         type[kGrpcType.size()] == ';';
}

GrpcCode codeFor(Reason reason, const Error& error) {
  // The call's own limit; that of an attempt is of upstream origin.
  const bool deadline = error.code == ErrorCode::kTimeout && error.origin == Origin::kLocal;
  if (deadline && reason != Reason::kQueueTimeout) return GrpcCode::kDeadlineExceeded;
  if (error.code == ErrorCode::kTooLarge) return GrpcCode::kResourceExhausted;
  if (reason == Reason::kUpstreamProtocolError) return GrpcCode::kInternal;
  return GrpcCode::kUnavailable;
}

// At most 8 digits, and a unit.
std::string timeoutText(Milliseconds deadline) {
  constexpr Milliseconds kMostMilliseconds{99'999'999};
  if (deadline <= kMostMilliseconds) return std::to_string(deadline.count()) + "m";
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(deadline).count()) + "S";
}

std::string framed(Bytes message) {
  const auto prefix = grpcPrefix(message.size());
  std::string text(prefix.data(), prefix.size());
  return text.append(asText(message));
}

}  // namespace

// Outlives its GrpcCall until the end of the turn, so that an event may destroy that.
class GrpcCall::Stream final : public event::Disposable, private CallEvents {
 public:
  Stream(std::size_t max_message, GrpcEvents& events) : reader_(max_message), events_(events) {}

  void start(Client& client, NameId upstream, const GrpcRequest& request,
             const GrpcOptions& options) {
    const std::string timeout = timeoutText(options.deadline);
    const std::string body = request.message ? framed(*request.message) : std::string();
    CallRequest made{.method = "POST", .authority = request.authority, .target = request.method};
    made.headers.push_back({"content-type", kGrpcType});
    if (options.deadline.count() > 0) made.headers.push_back({"grpc-timeout", timeout});
    made.headers.insert(made.headers.end(), request.metadata.begin(), request.metadata.end());
    made.accepts_trailers = true;
    made.body_kind = request.message ? CallRequest::Body::kWhole : CallRequest::Body::kStreamed;
    made.body = asBytes(body);
    const CallOptions how{.timeout = options.deadline,
                          .attempts = options.attempts,
                          .retry_non_idempotent = options.retry_non_idempotent,
                          .awaits_discovery = options.awaits_discovery,
                          .purpose = options.purpose};
    call_ = client.call(upstream, made, how, *this);
  }
  void stop() { call_.reset(); }
  Call* call() { return call_.get(); }  // null: it has ended

 private:
  using Event = GrpcFrameReader::Event;

  void onHead(const Response& response) override {
    response_ = &response;
    const auto type = response.headers.get(HeaderId::kContentType);
    const bool answered = response.status == 200 || response.headers.get("grpc-status");
    if (answered && type && isGrpcType(*type)) {
      if (response.body != BodyKind::kNone) events_.onMetadata(response.headers);
      return;
    }
    GrpcStatus status = grpcStatusOf(response, response.trailers);
    if (status.ok()) status = {GrpcCode::kInternal, "a status without content-type"};
    if (response.status == 200) status.message = "the response is not application/grpc";
    end(status);
  }

  void onBody(Bytes bytes) override {
    // An event may end the call.
    while (call_ != nullptr) {
      const Event event = reader_.next(bytes);
      if (event == Event::kNeedMore) return;
      if (event != Event::kMessage) return end(statusFor(event));
      events_.onMessage(reader_.message());
    }
  }

  static GrpcStatus statusFor(Event event) {
    if (event == Event::kTooLarge) {
      return {GrpcCode::kResourceExhausted, "the message exceeds the size limit"};
    }
    return {GrpcCode::kInternal, event == Event::kCompressed
                                     ? "the message is compressed, which was not offered"
                                     : "the message has an invalid prefix"};
  }

  void onEnd(const Headers& trailers) override {
    GrpcStatus status = grpcStatusOf(*response_, trailers);
    if (status.ok() && !reader_.complete()) {
      status = {GrpcCode::kInternal, "the response ends within a message"};
    }
    end(status);
  }
  void onFailed(Reason reason, Error error) override {
    end({codeFor(reason, error), std::string(error.detail), reason});
  }
  void onDrained() override { events_.onDrained(); }

  void end(const GrpcStatus& status) {
    call_.reset();
    events_.onEnd(status);
  }

  GrpcFrameReader reader_;
  GrpcEvents& events_;
  const Response* response_ = nullptr;  // from its head on, while call_ exists
  std::unique_ptr<Call> call_;
};

GrpcCall::GrpcCall(Client& client, NameId upstream, const GrpcRequest& request,
                   const GrpcOptions& options, GrpcEvents& events)
    : loop_(client.loop()), stream_(std::make_unique<Stream>(options.max_message, events)) {
  stream_->start(client, upstream, request, options);
}

GrpcCall::~GrpcCall() {
  stream_->stop();
  loop_.destroyLater(std::move(stream_));
}

void GrpcCall::send(Bytes message) {
  Call* const call = stream_->call();
  if (call == nullptr) return;
  const auto prefix = grpcPrefix(message.size());
  call->sendBody(prefix);
  if (!message.empty()) call->sendBody(message);
}

void GrpcCall::finish() {
  if (Call* const call = stream_->call()) call->finish(nullptr);
}

std::size_t GrpcCall::queued() const {
  const Call* const call = stream_->call();
  return call == nullptr ? 0 : call->queued();
}

void GrpcCall::setReading(bool reading) {
  if (Call* const call = stream_->call()) call->setReading(reading);
}

namespace {

class Unary final : public GrpcUnary, private GrpcEvents {
 public:
  using Done = std::function<void(GrpcReply)>;
  explicit Unary(Done done) : done_(std::move(done)) {}
  void start(Client& client, NameId upstream, const GrpcRequest& request,
             const GrpcOptions& options) {
    GrpcEvents& events = *this;
    call_ = std::make_unique<GrpcCall>(client, upstream, request, options, events);
  }

 private:
  void onMessage(Bytes message) override {
    if (message_) return end({{GrpcCode::kInternal, "the reply has several messages"}});
    message_ = asText(message);
  }
  void onEnd(const GrpcStatus& status) override {
    if (!status.ok()) return end({status});
    if (!message_) return end({{GrpcCode::kInternal, "the reply has no message"}});
    end({status, std::move(*message_)});
  }
  void end(GrpcReply reply) {
    call_.reset();
    const Done done = std::move(done_);
    done(std::move(reply));  // may destroy this object
  }

  Done done_;
  std::optional<std::string> message_;
  std::unique_ptr<GrpcCall> call_;
};

}  // namespace

std::unique_ptr<GrpcUnary> grpcUnary(Client& client, NameId upstream, const GrpcRequest& request,
                                     const GrpcOptions& options,
                                     std::function<void(GrpcReply)> done) {
  auto made = std::make_unique<Unary>(std::move(done));
  made->start(client, upstream, request, options);
  return made;
}

}  // namespace weir::http
