#include "gateway/auth/forward_auth/http_service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/arena_writer.h"
#include "core/http/cache_control.h"
#include "core/http/syntax.h"

namespace weir::gateway::forward_auth {
namespace {

using http::HeaderId;

// The request in the words of Traefik's ForwardAuth and of NGINX's auth_request.
void addFacts(const Subject& subject, std::vector<http::CallHeader>& fields) {
  const http::Request& request = subject.request;
  Arena& arena = subject.control.arena();
  const std::string_view uri = http::pathAndQuery(request, arena);
  const std::string_view host =
      request.headers.get(HeaderId::kXForwardedHost).value_or(request.authority);
  const auto chain = request.headers.joined(http::headerName(HeaderId::kXForwardedFor));
  fields.push_back({"x-forwarded-method", request.method_text});
  fields.push_back({"x-forwarded-proto", request.scheme});
  fields.push_back({"x-forwarded-host", host});
  fields.push_back({"x-forwarded-uri", uri});
  fields.push_back({"x-forwarded-for", chain.value_or(subject.control.clientAddress())});
  fields.push_back({"x-original-url", joined(arena, {request.scheme, "://", host, uri})});
  fields.push_back({"x-original-method", request.method_text});
}

std::vector<http::CallHeader> fieldsToSend(const Settings& settings, const Subject& subject) {
  constexpr std::size_t kMostFacts = 8;
  std::vector<http::CallHeader> fields;
  fields.reserve(subject.request.headers.size() + kMostFacts);
  for (const http::Header& field : subject.request.headers) {
    if (settings.sends(field)) fields.push_back({field.name, field.value});
  }
  addFacts(subject, fields);
  return fields;
}

// The path of the setting before that of the request, for style "envoy".
std::string_view ownTarget(const Settings& settings, const Subject& subject) {
  std::string_view prefix = settings.path;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  Arena& arena = subject.control.arena();
  return joined(arena, {prefix, http::pathAndQuery(subject.request, arena)});
}

// Whether the answer may depend on fields of the request that are not in the key (RFC 9111, 4.1).
bool variesBeyondKey(const http::Reply& reply, const CacheKey& key) {
  bool varies = false;
  for (const auto& [name, value] : reply.headers) {
    if (!http::equalsIgnoringCase(name, "vary")) continue;
    http::forEachToken(value, [&](std::string_view field) {
      varies |= !key.covers(field) && !http::equalsIgnoringCase(field, "accept-encoding");
    });
  }
  return varies;
}

std::optional<Milliseconds> freshnessOf(const http::Reply& reply, const CacheKey& key) {
  if (variesBeyondKey(reply, key)) return Milliseconds(0);
  http::CacheControl control;
  for (const auto& [name, value] : reply.headers) {
    const HeaderId id = http::headerId(name);
    if (id == HeaderId::kSetCookie) return Milliseconds(0);
    if (id == HeaderId::kCacheControl) control.add(value);
  }
  if (control.no_store || control.no_cache || control.is_private) return Milliseconds(0);
  return control.max_age;
}

Answer admission(const http::Reply& reply, const Settings& settings) {
  Answer answer;
  answer.kind = Answer::Kind::kAllowed;
  for (const auto& [name, value] : reply.headers) {
    if (settings.accepts(name)) answer.request_fields.push_back({name, value});
    if (settings.set_cookie && http::headerId(name) == HeaderId::kSetCookie) {
      answer.response_fields.push_back({name, value});
    }
  }
  return answer;
}

Answer refusal(const http::Reply& reply) {
  const bool failed = reply.status >= 500;
  Answer answer;
  answer.kind = failed ? Answer::Kind::kFailed : Answer::Kind::kDenied;
  answer.detail = "the auth service failed";
  answer.status = reply.status;
  answer.content_type = reply.header("content-type");
  answer.body = reply.body;
  for (const auto& [name, value] : reply.headers) {
    if (isForClient(name)) answer.response_fields.push_back({name, value});
  }
  return answer;
}

Answer answerOf(const http::Fetched& fetched, const Settings& settings) {
  if (fetched.reply.ok()) return answerOf(fetched.reply.value(), settings);
  Answer answer = Answer::silence();
  if (fetched.reason == Reason::kBadRequest) answer.kind = Answer::Kind::kBadRequest;
  const bool too_large = fetched.reply.error().code == ErrorCode::kTooLarge;
  answer.silent = !too_large && answer.kind == Answer::Kind::kFailed;
  return answer;
}

}  // namespace

Answer answerOf(const http::Reply& reply, const Settings& settings) {
  const int last = settings.style == Style::kEnvoy ? 200 : 299;
  const bool admitted = reply.status >= 200 && reply.status <= last;
  Answer answer = admitted ? admission(reply, settings) : refusal(reply);
  if (settings.cache) answer.fresh = freshnessOf(reply, settings.cache->parts);
  return answer;
}

Question askHttp(http::Client& client, const Settings& settings, const Subject& subject,
                 OnAnswer done) {
  http::CallRequest call;
  call.authority = settings.authority;
  call.target = settings.path;
  call.headers = fieldsToSend(settings, subject);
  if (settings.style == Style::kEnvoy) {
    call.method = subject.request.method_text;
    call.target = ownTarget(settings, subject);
  }
  if (!subject.body.empty()) {
    call.method = subject.request.method_text;
    call.body_kind = http::CallRequest::Body::kWhole;
    call.body = asBytes(subject.body);
  }
  http::CallOptions options;
  options.timeout = settings.timeout;
  options.attempts = 2;
  options.most_body = Answer::kMostBody;
  options.purpose = "forward_auth";
  return http::fetch(client, settings.upstream, call, options,
                     [&settings, done = std::move(done)](const http::Fetched& fetched) {
                       done(answerOf(fetched, settings));
                     });
}

}  // namespace weir::gateway::forward_auth
