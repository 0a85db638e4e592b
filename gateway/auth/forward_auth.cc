#include "gateway/auth/forward_auth.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/http/reserved_fields.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"

namespace weir::gateway {
namespace {

using http::HeaderId;

constexpr std::size_t kMostAnswer = std::size_t{64} * 1024;
constexpr std::size_t kMostBody = std::size_t{1024} * 1024;
constexpr std::string_view kAllFields = "*";
constexpr std::string_view kUnavailableField = "x-weir-auth";

// They are about a copy of the upstream's response, not of the service's.
constexpr std::array<std::string_view, 6> kAboutOtherMessages = {
    "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"};
// weir sends values of its own.
constexpr std::array<std::string_view, 7> kFacts = {
    "x-forwarded-method", "x-forwarded-proto", "x-forwarded-host",  "x-forwarded-uri",
    "x-forwarded-for",    "x-original-url",    "x-original-method",
};

constexpr std::pair<std::string_view, ForwardAuth::OnError> kForwardOnErrorNames[] = {
    {"deny", ForwardAuth::OnError::kDeny},
    {"allow", ForwardAuth::OnError::kAllow},
};

bool isNamed(const auto& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view each) { return http::equalsIgnoringCase(each, name); });
}

std::string_view fullPath(const http::Request& request, Arena& arena) {
  if (!request.has_query) return request.path;
  return joined(arena, {request.path, "?", request.query});
}

void takeBody(Buffer& from, std::string& to) {
  to.reserve(from.size());
  while (!from.empty()) {
    const Bytes piece = from.front();
    to.append(asText(piece));
    from.consume(piece.size());
  }
}

// Whether the client receives this field of a refusal. weir writes the others itself.
bool isForClient(HeaderId id, std::string_view name) {
  const bool weirs_own = id == HeaderId::kServer || id == HeaderId::kDate ||
                         id == HeaderId::kContentType || id == HeaderId::kTrailer;
  return !weirs_own && !http::isFramingField(id) &&
         http::reservedFor(id, name) != http::Reserved::kWeir;
}

void checkHeaderNames(config::Table& table, const ForwardAuth::Config& out) {
  for (std::size_t i = 0; i < out.request_headers.size(); ++i) {
    const std::string& name = out.request_headers[i];
    if (name == kAllFields) continue;
    if (!http::isToken(name)) {
      table.failElement("request_headers", i, "is not the name of a header");
    } else if (http::isFramingField(http::headerId(name))) {
      table.failElement("request_headers", i, "frames the message; weir writes it itself");
    }
  }
  for (std::size_t i = 0; i < out.response_headers.size(); ++i) {
    std::string why;
    if (!route::isChangeableHeader(out.response_headers[i], why)) {
      table.failElement("response_headers", i, why);
    }
  }
}

}  // namespace

void ForwardAuth::Config::read(config::Table& table, Config& out) {
  http::Target::read(table, out.target);
  table.read("timeout", out.timeout, "Time limit for the response of the service.",
             {.min = Milliseconds(1), .max = filter::Verdict::kLongestWait});
  table.read(
      "on_error", out.on_error, kForwardOnErrorNames,
      "Decision if the service does not respond in time, or responds with 5xx. With `allow`, "
      "the upstream receives `X-Weir-Auth: unavailable`.");
  table.read("request_headers", out.request_headers,
             "Names of the request headers that the service receives; `*`: all, except those for "
             "conditional and range requests and WebSocket.");
  table.read("response_headers", out.response_headers,
             "Names of the headers of a 2xx response that the upstream receives, such as "
             "`remote-user`. They replace headers of these names from the client.");
  table.read("set_cookie", out.set_cookie,
             "Whether the client receives the `Set-Cookie` headers of a 2xx response.");
  table.readBytes(
      "body", out.body,
      "Maximum size of the request bodies that the service receives, with the method of "
      "the request; requests with larger bodies are refused with 413. 0: the service "
      "receives `GET` without a body.",
      {.max = config::Size{kMostBody}});
  checkHeaderNames(table, out);
}

void ForwardAuth::addRequestFields(const Config& config, http::FieldSet& fields) {
  for (const std::string& name : config.response_headers) fields.add(name);
}

void ForwardAuth::check(Config& config, filter::References& references,
                        config::Diagnostics& diagnostics) {
  config.upstream = references.target(config.target, diagnostics);
  config.authority = config.target.authority();
  config.path = config.target.pathAndQuery();
}

filter::Verdict ForwardAuth::onRequest(http::Request& request) {
  request_ = &request;
  const bool has_body =
      request.body == http::BodyKind::kLength || request.body == http::BodyKind::kStream;
  if (config_.body == 0 || !has_body) return ask();
  control_.watchRequestBody(filter::BodyMode::whole(config_.body));
  return filter::Verdict::proceed();
}

// The whole body: asks the service, and is called again once the service has admitted the request.
filter::Flow ForwardAuth::onRequestBody(filter::BodyStep& step) {
  if (!asked_) {
    takeBody(step.in, body_);
    return ask();
  }
  passed_ += step.out.append(asBytes(body_).subspan(passed_));
  return passed_ < body_.size() ? filter::Flow::more() : filter::Flow::proceed();
}

filter::Verdict ForwardAuth::ask() {
  asked_ = true;
  http::CallRequest call;
  call.authority = config_.authority;
  call.target = config_.path;
  call.headers = fieldsToSend();
  if (!body_.empty()) {
    call.method = request_->method_text;
    call.body_kind = http::CallRequest::Body::kWhole;
    call.body = asBytes(body_);
  }
  http::CallOptions options;
  options.timeout = Milliseconds(0);  // that of the wait
  options.attempts = 2;
  options.most_body = kMostAnswer;
  options.purpose = "forward_auth";
  call_ = http::fetch(
      local_.client, config_.upstream, call, options,
      [this](const http::Fetched& fetched) { control_.resumeRequest(decide(fetched)); });
  return filter::Verdict::wait(config_.timeout, Reason::kExtAuthError);
}

std::vector<http::CallHeader> ForwardAuth::fieldsToSend() const {
  std::vector<http::CallHeader> fields;
  fields.reserve(request_->headers.size() + kFacts.size());
  for (const http::Header& field : request_->headers) {
    if (isSent(field)) fields.push_back({field.name, field.value});
  }
  addFacts(fields);
  return fields;
}

bool ForwardAuth::isSent(const http::Header& field) const {
  if (http::isFramingField(field.id) || isNamed(kFacts, field.name)) return false;
  if (isNamed(config_.request_headers, field.name)) return true;
  constexpr std::string_view kWebSocket = "sec-websocket-";
  return isNamed(config_.request_headers, kAllFields) &&
         !isNamed(kAboutOtherMessages, field.name) &&
         !http::equalsIgnoringCase(field.name.substr(0, kWebSocket.size()), kWebSocket);
}

// The request in the words of Traefik's ForwardAuth and of NGINX's auth_request.
void ForwardAuth::addFacts(std::vector<http::CallHeader>& fields) const {
  const http::Request& request = *request_;
  Arena& arena = control_.arena();
  const std::string_view uri = fullPath(request, arena);
  const std::string_view host =
      request.headers.get(HeaderId::kXForwardedHost).value_or(request.authority);
  const auto chain = request.headers.joined(http::headerName(HeaderId::kXForwardedFor));
  fields.push_back({"x-forwarded-method", request.method_text});
  fields.push_back({"x-forwarded-proto", request.scheme});
  fields.push_back({"x-forwarded-host", host});
  fields.push_back({"x-forwarded-uri", uri});
  fields.push_back({"x-forwarded-for", chain.value_or(control_.clientAddress())});
  fields.push_back({"x-original-url", joined(arena, {request.scheme, "://", host, uri})});
  fields.push_back({"x-original-method", request.method_text});
}

filter::Verdict ForwardAuth::decide(const http::Fetched& fetched) {
  if (fetched.reply.ok()) {
    const http::Reply& reply = fetched.reply.value();
    if (reply.status >= 200 && reply.status < 300) return admit(reply);
    const bool failed = reply.status >= 500;
    return failed && config_.on_error == OnError::kAllow ? fail({}) : refuse(reply);
  }
  // The request itself is at fault: not to be admitted by `on_error`.
  if (fetched.reason == Reason::kBadRequest) {
    count(ForwardAuthResult::kDenied);
    return filter::Verdict::reply(
        {.reason = Reason::kBadRequest, .detail = "a header cannot be sent to the auth service"});
  }
  return fail("the auth service did not respond");
}

filter::Verdict ForwardAuth::onWaitExpired(filter::Side, Reason) {
  call_.reset();
  return fail("the auth service did not respond in time");
}

filter::Verdict ForwardAuth::admit(const http::Reply& reply) {
  count(ForwardAuthResult::kAllowed);
  dropClaims();
  Arena& arena = control_.arena();
  for (const auto& [name, value] : reply.headers) {
    if (isNamed(config_.response_headers, name)) {
      request_->headers.add(arena.copy(name), arena.copy(value));
    }
    if (config_.set_cookie && http::headerId(name) == HeaderId::kSetCookie) {
      if (!cookies_) cookies_.emplace(arena);
      cookies_->add(HeaderId::kSetCookie, arena.copy(value));
    }
  }
  return filter::Verdict::proceed();
}

filter::Verdict ForwardAuth::refuse(const http::Reply& reply) {
  const bool failed = reply.status >= 500;
  count(failed ? ForwardAuthResult::kError : ForwardAuthResult::kDenied);
  Arena& arena = control_.arena();
  http::Headers fields(arena);
  for (const auto& [name, value] : reply.headers) {
    const HeaderId id = http::headerId(name);
    if (isForClient(id, name)) fields.add(id, arena.copy(name), arena.copy(value));
  }
  filter::LocalReply local;
  local.status = reply.status;
  local.reason = failed ? Reason::kExtAuthError : Reason::kExtAuthDenied;
  local.detail = failed ? "the auth service failed" : "the auth service refused the request";
  local.headers = fields;
  local.body = arena.copy(reply.body);
  local.content_type = arena.copy(reply.header("content-type"));
  return filter::Verdict::reply(local);
}

filter::Verdict ForwardAuth::fail(std::string_view detail) {
  count(ForwardAuthResult::kError);
  if (config_.on_error == OnError::kDeny) {
    return filter::Verdict::reply(
        {.status = 503, .reason = Reason::kExtAuthError, .detail = detail});
  }
  dropClaims();
  request_->headers.set(kUnavailableField, "unavailable");
  return filter::Verdict::proceed();
}

// Only the service may say what these headers say.
void ForwardAuth::dropClaims() {
  request_->headers.removeIf([this](const http::Header& field) {
    return std::any_of(
        config_.response_headers.begin(), config_.response_headers.end(),
        [&](const std::string& name) { return http::isSameField(name, field.name); });
  });
}

filter::Verdict ForwardAuth::onResponse(http::Response& response) {
  addCookies(response);
  return filter::Verdict::proceed();
}

void ForwardAuth::addCookies(http::Response& response) const {
  if (!cookies_) return;
  for (const http::Header& field : *cookies_) {
    response.headers.add(HeaderId::kSetCookie, field.value);
  }
}

void ForwardAuth::count(ForwardAuthResult result) {
  local_.metrics.counter(forwardAuthKey(result)).add();
}

}  // namespace weir::gateway
