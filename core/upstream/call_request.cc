#include "core/upstream/call_request.h"

#include "core/base/plain_text.h"
#include "core/http/syntax.h"

namespace weir::upstream {
namespace {

using Body = http::CallRequest::Body;

constexpr std::string_view kUserAgent = "weir/" WEIR_VERSION;

constexpr Error kBadMethod = {ErrorCode::kInvalid, Origin::kLocal, "the method is not valid"};
constexpr Error kBadTarget = {ErrorCode::kInvalid, Origin::kLocal, "the target is not valid"};
constexpr Error kBadHost = {ErrorCode::kInvalid, Origin::kLocal, "the host is not valid"};
constexpr Error kBadHeader = {ErrorCode::kInvalid, Origin::kLocal, "a header is not valid"};

// The name by which the endpoints know themselves: that of their certificate, else the one that
// discovery resolves.
std::string_view hostFor(const ClusterPlan& cluster) {
  const auto& tls = cluster.options.tls;
  if (tls && tls->server_name) return *tls->server_name;
  const std::string_view found = cluster.discovery->hostName();
  return found.empty() ? cluster.name : found;
}

Result<void> copyTarget(std::string_view target, http::Request& to) {
  if (!target.starts_with('/') && target != "*") return kBadTarget;
  if (!http::isTargetText(target)) return kBadTarget;
  const std::string_view copy = to.headers.arena().copy(target);
  const std::size_t mark = copy.find('?');
  to.path = copy.substr(0, mark);
  to.has_query = mark != std::string_view::npos;
  if (to.has_query) to.query = copy.substr(mark + 1);
  return {};
}

Result<void> copyFields(const http::CallRequest& from, http::Request& to) {
  Arena& arena = to.headers.arena();
  for (const auto& [name, value] : from.headers) {
    const http::HeaderId id = http::headerId(name);
    if (!http::isToken(name) || !isFieldText(value) || http::isFramingField(id)) return kBadHeader;
    to.headers.add(id, arena.copy(name), arena.copy(value));
  }
  if (!to.headers.mayHave(http::HeaderId::kUserAgent)) {
    to.headers.add(http::HeaderId::kUserAgent, kUserAgent);
  }
  return {};
}

void copyBodyKind(const http::CallRequest& from, http::Request& to) {
  const bool whole = from.body_kind == Body::kWhole;
  if (whole && from.body.empty()) return;
  if (!whole && from.body_kind != Body::kStreamed) return;
  const bool known = whole || from.content_length.has_value();
  to.body = known ? http::BodyKind::kLength : http::BodyKind::kStream;
  if (known) to.content_length = whole ? from.body.size() : *from.content_length;
}

}  // namespace

Result<void> copyCallRequest(const http::CallRequest& from, const ClusterPlan& cluster,
                             http::Request& to) {
  Arena& arena = to.headers.arena();
  to.method = http::methodOf(from.method);
  if (!http::isToken(from.method) || to.method == http::Method::kConnect) return kBadMethod;
  to.method_text = arena.copy(from.method);
  to.scheme = cluster.tls == nullptr ? "http" : "https";
  const std::string_view host = from.authority.empty() ? hostFor(cluster) : from.authority;
  if (!http::isAuthority(host)) return kBadHost;
  to.authority = arena.copy(host);
  to.accepts_trailers = from.accepts_trailers;
  copyBodyKind(from, to);
  const Result<void> target = copyTarget(from.target, to);
  return target.ok() ? copyFields(from, to) : target;
}

void copyHeaders(const http::Headers& from, http::Headers& to) {
  Arena& arena = to.arena();
  for (const http::Header& field : from) {
    to.add(field.id, arena.copy(field.name), arena.copy(field.value));
  }
}

}  // namespace weir::upstream
