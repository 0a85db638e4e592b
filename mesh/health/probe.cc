#include "mesh/health/probe.h"

#include <optional>
#include <string_view>
#include <utility>

#include "core/base/plain_text.h"
#include "core/base/protobuf.h"
#include "core/http/client.h"
#include "core/http/grpc_call.h"
#include "mesh/health/tcp_probe.h"

namespace weir::mesh::health {
namespace {

using upstream::GrpcCheckOptions;
using upstream::HealthCheckOptions;
using upstream::HttpCheckOptions;

constexpr std::size_t kMostBody = 64 * 1024;
constexpr std::size_t kMostDetail = 200;
constexpr std::string_view kPurpose = "health check";

CheckResult resultFor(Reason reason, const Error& error) {
  switch (reason) {
    case Reason::kUpstreamConnectTimeout:
    case Reason::kUpstreamTimeout:
      return CheckResult::kTimeout;
    case Reason::kUpstreamTlsError:
      return CheckResult::kTls;
    case Reason::kUpstreamProtocolError:
      return CheckResult::kProtocol;
    case Reason::kUpstreamResetBeforeHeaders:
    case Reason::kUpstreamResetAfterHeaders:
    case Reason::kUpstreamKeepaliveRace:
      return CheckResult::kReset;
    default:
      return error.code == ErrorCode::kTimeout ? CheckResult::kTimeout : CheckResult::kConnect;
  }
}

// The status decides when the head arrives; a body is read only if a part of it is expected.
class HttpProbe final : public Probe, private http::CallEvents {
 public:
  HttpProbe(const HttpCheckOptions& options, OnProbed done)
      : options_(options), done_(std::move(done)) {}

  void start(OneEndpoint& endpoint, Milliseconds timeout) {
    http::CallRequest request{.method = options_.method, .target = options_.path};
    if (options_.host) request.authority = *options_.host;
    for (const auto& [name, value] : options_.headers) request.headers.push_back({name, value});
    http::CallOptions how;
    how.timeout = timeout;
    how.purpose = kPurpose;
    http::CallEvents& events = *this;
    call_ = endpoint.client().call(endpoint.id(), request, how, events);
  }

 private:
  void onHead(const http::Response& response) override {
    if (!options_.expects(response.status)) {
      return end({CheckResult::kStatus, "status " + std::to_string(response.status)});
    }
    status_ = response.status;
    if (options_.expected_body.empty()) succeed();
  }
  void onBody(Bytes bytes) override {
    body_ += asText(bytes).substr(0, kMostBody - body_.size());
    if (body_.find(options_.expected_body) != std::string::npos) return succeed();
    if (body_.size() >= kMostBody) failByBody();
  }
  void onEnd(const http::Headers&) override { failByBody(); }
  void onFailed(Reason reason, Error error) override {
    end({resultFor(reason, error), std::string(error.detail)});
  }

  void succeed() { end({CheckResult::kSuccess, "status " + std::to_string(status_)}); }
  void failByBody() { end({CheckResult::kBody, "the body does not have the expected text"}); }
  void end(ProbeOutcome outcome) {
    call_ = nullptr;
    if (const OnProbed done = std::exchange(done_, nullptr)) done(std::move(outcome));
  }

  const HttpCheckOptions& options_;
  OnProbed done_;
  int status_ = 0;
  std::string body_;
  std::unique_ptr<http::Call> call_;
};

// The status of HealthCheckResponse (grpc/health/v1/health.proto); nullopt: malformed.
std::optional<std::uint64_t> readServingStatus(std::string_view message) {
  std::uint64_t status = 0;
  ProtoReader reader(message);
  ProtoField field;
  while (reader.next(field)) {
    if (field.number == 1 && !field.is_text) status = field.value;
  }
  if (reader.malformed()) return std::nullopt;
  return status;
}

ProbeOutcome outcomeOf(const http::GrpcReply& reply) {
  constexpr std::uint64_t kServing = 1;
  if (!reply.status.ok()) {
    const int code = static_cast<int>(reply.status.code);
    std::string detail = "gRPC status " + std::to_string(code);
    if (!reply.status.message.empty())
      detail += ": " + printable(reply.status.message, kMostDetail);
    if (reply.status.reason == Reason::kNone) return {CheckResult::kStatus, std::move(detail)};
    const bool late = reply.status.code == http::GrpcCode::kDeadlineExceeded;
    const Error error{late ? ErrorCode::kTimeout : ErrorCode::kClosed, Origin::kUpstream, {}};
    return {resultFor(reply.status.reason, error), std::move(detail)};
  }
  const auto status = readServingStatus(reply.message);
  if (!status) return {CheckResult::kProtocol, "the answer is malformed"};
  if (*status == kServing) return {CheckResult::kSuccess, "SERVING"};
  return {CheckResult::kNotServing, "serving status " + std::to_string(*status)};
}

class GrpcProbe final : public Probe {
 public:
  explicit GrpcProbe(OnProbed done) : done_(std::move(done)) {}

  void start(OneEndpoint& endpoint, const GrpcCheckOptions& options, Milliseconds timeout) {
    const std::string message = ProtoWriter().text(1, options.service).bytes();
    http::GrpcRequest request{.method = "/grpc.health.v1.Health/Check"};
    if (options.authority) request.authority = *options.authority;
    request.message = asBytes(message);
    http::GrpcOptions how;
    how.deadline = timeout;
    how.max_message = 4 * 1024;
    how.purpose = kPurpose;
    call_ = http::grpcUnary(endpoint.client(), endpoint.id(), request, how,
                            [this](const http::GrpcReply& reply) { done_(outcomeOf(reply)); });
  }

 private:
  const OnProbed done_;
  std::unique_ptr<http::GrpcUnary> call_;
};

}  // namespace

std::unique_ptr<Probe> startProbe(OneEndpoint& endpoint, const HealthCheckOptions& options,
                                  OnProbed done) {
  if (options.http) {
    auto probe = std::make_unique<HttpProbe>(*options.http, std::move(done));
    probe->start(endpoint, options.timeout);
    return probe;
  }
  if (options.grpc) {
    auto probe = std::make_unique<GrpcProbe>(std::move(done));
    probe->start(endpoint, *options.grpc, options.timeout);
    return probe;
  }
  auto probe = std::make_unique<TcpProbe>(endpoint.loop(), *options.tcp, std::move(done));
  probe->start(endpoint, options.timeout);
  return probe;
}

}  // namespace weir::mesh::health
