#include "mesh/discovery/etcd_session.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/plain_text.h"
#include "mesh/discovery/etcd_messages.h"

namespace weir::mesh::etcd {
namespace {

using http::GrpcCode;
using http::GrpcReply;
using http::GrpcStatus;

constexpr std::size_t kMostReply = 64_MiB;
constexpr std::size_t kMostReason = 200;

// The token has expired, or users and roles have changed since it was made.
bool wantsNewToken(const GrpcStatus& status) {
  return status.code == GrpcCode::kUnauthenticated || status.code == GrpcCode::kInvalidArgument;
}

}  // namespace

void Session::call(std::string_view method, std::string message, Done done) {
  method_ = method;
  message_ = std::move(message);
  done_ = std::move(done);
  renewed_ = false;
  if (!options_.user.empty() && token_.empty()) return authenticate();
  send();
}

void Session::cancel() {
  unary_ = nullptr;
  done_ = nullptr;
}

// With hasleader, a member that has lost the others refuses calls and ends watches, so that another
// member is asked.
std::vector<http::CallHeader> Session::metadata() const {
  std::vector<http::CallHeader> metadata = {{"hasleader", "true"}};
  if (!token_.empty()) metadata.push_back({"token", token_});
  return metadata;
}

void Session::noteFailure(const GrpcStatus& status) {
  if (wantsNewToken(status)) token_.clear();
}

std::string Session::textOf(const GrpcStatus& status) {
  return status.message.empty() ? "gRPC status " + std::to_string(static_cast<int>(status.code))
                                : printable(status.message, kMostReason);
}

void Session::unary(std::string_view method, const std::string& message, Done done) {
  http::GrpcRequest request{.method = method, .authority = options_.authority};
  request.metadata = metadata();
  request.message = asBytes(message);
  http::GrpcOptions how;
  how.deadline = kTimeout;
  how.max_message = kMostReply;
  how.awaits_discovery = true;
  how.purpose = "etcd";
  unary_ = http::grpcUnary(client_, options_.upstream, request, how, std::move(done));
}

void Session::authenticate() {
  unary("/etcdserverpb.Auth/Authenticate", authenticateRequest(options_.user, options_.password),
        [this](const GrpcReply& reply) {
          if (!reply.status.ok()) return finish(reply);
          const auto token = readToken(reply.message);
          if (!token || !isFieldText(*token)) {
            return finish({{GrpcCode::kInternal, "the answer has no token"}});
          }
          token_ = *token;
          send();
        });
}

void Session::send() {
  unary(method_, message_, [this](const GrpcReply& reply) {
    const bool renew = wantsNewToken(reply.status) && !token_.empty();
    if (!renew || std::exchange(renewed_, true)) return finish(reply);
    token_.clear();
    authenticate();
  });
}

void Session::finish(const GrpcReply& reply) {
  noteFailure(reply.status);
  const Done done = std::exchange(done_, nullptr);
  done(reply);
}

}  // namespace weir::mesh::etcd
