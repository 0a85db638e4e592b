#include "core/proxy/local_reply.h"

#include <charconv>
#include <cstring>

#include "core/proxy/grpc.h"

// Tested in exchange_reasons_test.cc.
namespace weir::proxy {
namespace {

using http::HeaderId;

// {"status":503,"reason":"...","detail":"...","request_id":"..."} and a line feed. All texts are
// weir's own except the request id, in which characters that JSON would escape are replaced.
std::string_view errorBody(Arena& arena, int status, Reason reason, std::string_view detail,
                           std::string_view request_id) {
  const std::string_view word = toString(reason);
  const std::size_t room = 96 + word.size() + detail.size() + request_id.size();
  char* const start = arena.allocate(room);
  char* to = start;
  const auto put = [&](std::string_view text) {
    std::memcpy(to, text.data(), text.size());
    to += text.size();
  };
  const auto put_safe = [&](std::string_view text) {
    for (const char c : text) *to++ = c < ' ' || c == '"' || c == '\\' || c > '~' ? '?' : c;
  };
  put("{\"status\":");
  to = std::to_chars(to, start + room, status).ptr;
  put(",\"reason\":\"");
  put(word);
  put("\",\"detail\":\"");
  put_safe(detail);
  put("\",\"request_id\":\"");
  put_safe(request_id);
  put("\"}\n");
  return {start, static_cast<std::size_t>(to - start)};
}

void addFields(const filter::LocalReply& reply, const Replied& to, http::Response& response) {
  http::Headers& headers = response.headers;
  if (!reply.body) {
    headers.add(HeaderId::kContentType, "application/json");
  } else if (!reply.content_type.empty()) {
    headers.add(HeaderId::kContentType, reply.content_type);
  }
  if (to.reason_header && reply.reason != Reason::kNone) {
    headers.add(HeaderId::kXWeirReason, toString(reply.reason));
  }
  if (response.status == 405) headers.add("allow", kAllowedMethods);  // RFC 9110, 15.5.6
  if (!reply.headers) return;
  for (const http::Header& field : *reply.headers) {
    // RFC 9110, 15.4: a gRPC client follows no redirect.
    if (field.id == HeaderId::kLocation && isGrpc(to.request)) continue;
    headers.add(field.id, field.name, field.value);
  }
}

}  // namespace

std::string_view fillReply(const filter::LocalReply& reply, const Replied& to,
                           http::Response& response) {
  addFields(reply, to, response);
  if (isGrpc(to.request)) {
    const int code = reply.grpc_status.value_or(grpcStatusFor(response.status));
    writeGrpcFailure(response, code, reply.detail);
    return {};
  }
  if (reply.body) return *reply.body;
  return errorBody(response.headers.arena(), response.status, reply.reason, reply.detail,
                   to.request_id);
}

bool frameReply(http::Response& response, std::size_t bytes, http::Method method) {
  const bool bodiless = response.status == 204 || response.status == 304;
  response.has_content_length = !bodiless;
  response.content_length = bodiless ? 0 : bytes;
  const bool silent = bodiless || bytes == 0 || method == http::Method::kHead;
  response.body = silent ? http::BodyKind::kNone : http::BodyKind::kLength;
  return !silent;
}

}  // namespace weir::proxy
