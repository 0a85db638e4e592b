#include "gateway/auth/forward_auth/settings.h"

#include <algorithm>
#include <array>

#include "core/filter/verdict.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"

namespace weir::gateway::forward_auth {
namespace {

constexpr std::size_t kMostBody = std::size_t{1024} * 1024;
constexpr std::uint32_t kMostEntries = 1'000'000;
constexpr std::string_view kAllFields = "*";
constexpr std::string_view kGrpcPath = "/envoy.service.auth.v3.Authorization/Check";

constexpr std::pair<std::string_view, Style> kStyleNames[] = {
    {"traefik", Style::kTraefik}, {"envoy", Style::kEnvoy}, {"grpc", Style::kGrpc}};
constexpr std::pair<std::string_view, Mode> kForwardAuthModeNames[] = {{"enforce", Mode::kEnforce},
                                                                       {"shadow", Mode::kShadow}};
constexpr std::pair<std::string_view, OnError> kForwardOnErrorNames[] = {
    {"deny", OnError::kDeny}, {"allow", OnError::kAllow}};

// They are about a copy of the upstream's response, not of the service's.
constexpr std::array<std::string_view, 6> kAboutOtherMessages = {
    "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"};
// weir sends values of its own.
constexpr std::array<std::string_view, 7> kFacts = {
    "x-forwarded-method", "x-forwarded-proto", "x-forwarded-host",  "x-forwarded-uri",
    "x-forwarded-for",    "x-original-url",    "x-original-method",
};

void checkHeaderNames(config::Table& table, const Settings& out) {
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
    if (out.style == Style::kGrpc && out.response_headers[i] == kAllFields) continue;
    if (!route::isChangeableHeader(out.response_headers[i], why)) {
      table.failElement("response_headers", i, why);
    }
  }
}

void checkStyle(config::Table& table, const Settings& out) {
  if (out.style == Style::kGrpc && (table.has("path") || out.target.pathAndQuery() != "/")) {
    table.fail(table.has("path") ? "path" : "url",
               "has no path with style = \"grpc\": the method of the service is given");
  }
  if (out.style != Style::kGrpc && !out.context.empty()) {
    table.fail("context", "needs style = \"grpc\"");
  }
  if (out.cache && out.body > 0) {
    table.fail("cache", "cannot be used with `body`: an answer may depend on the body");
  }
}

}  // namespace

void CacheSettings::read(config::Table& table, CacheSettings& out) {
  table.read("key", out.key,
             "Parts of a request on which the answer depends: `header:NAME`, `cookie:NAME`, "
             "`method`, `scheme`, `host`, `path`, `query`, `client_address`, `identity`. Answers "
             "to requests that lack one, or have credentials outside of the key, are not kept.",
             {.min_size = 1, .max_size = CacheKey::kMostParts, .required = true});
  table.read("ttl", out.ttl,
             "Time for which the permission of a request is kept, unless `Cache-Control` of the "
             "answer says less.",
             {.min = std::chrono::seconds(1), .max = std::chrono::hours(1)});
  table.read("negative_ttl", out.negative_ttl,
             "Time for which a refusal is kept, under the same condition. 0: not at all.",
             {.max = std::chrono::hours(1)});
  table.read("entries", out.entries,
             "Maximum number of answers on each worker. Together they have at most 16 MiB.",
             {.min = 1, .max = kMostEntries});
  out.parts = CacheKey::read(out.key, table, "key");
}

void Settings::read(config::Table& table, Settings& out) {
  http::Target::read(table, out.target);
  table.read(
      "style", out.style, kStyleNames,
      "Convention of the service: `traefik`: a request about the request, as for ForwardAuth, "
      "auth_request of NGINX and forward_auth of Caddy; `envoy`: a request with the same "
      "method and `path` before its path, which only 200 admits; `grpc`: "
      "envoy.service.auth.v3.Authorization.");
  table.read("mode", out.enforcement, kForwardAuthModeNames,
             "Whether decisions apply (`enforce`), or are only counted (`shadow`). In shadow mode, "
             "requests neither wait for the service nor change.");
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
             "Names of the headers of an answer that the upstream receives, such as "
             "`remote-user`. They replace headers of these names from the client. With `style = "
             "\"grpc\"`, `*` is all that the service sets.");
  table.read("set_cookie", out.set_cookie,
             "Whether the client receives the `Set-Cookie` headers of an answer that admits the "
             "request.");
  table.readBytes(
      "body", out.body,
      "Maximum size of the request bodies that the service receives, with the method of "
      "the request; requests with larger bodies are refused with 413. 0: the service "
      "receives no body, and `GET` with `style = \"traefik\"`.",
      {.max = config::Size{kMostBody}});
  table.read("context", out.context, "Texts for `context_extensions` of the gRPC service.");
  table.read("cache", out.cache, "Answers that are kept. Default: none.");
  checkHeaderNames(table, out);
  checkStyle(table, out);
}

void Settings::check(filter::References& references, config::Diagnostics& diagnostics) {
  upstream = references.target(target, diagnostics);
  authority = target.authority();
  path = style == Style::kGrpc ? std::string(kGrpcPath) : target.pathAndQuery();
}

bool Settings::sends(const http::Header& field) const {
  if (http::isFramingField(field.id)) return false;
  if (style != Style::kGrpc && isNamed(kFacts, field.name)) return false;
  if (isNamed(request_headers, field.name)) return true;
  constexpr std::string_view kWebSocket = "sec-websocket-";
  return isNamed(request_headers, kAllFields) && !isNamed(kAboutOtherMessages, field.name) &&
         !http::equalsIgnoringCase(field.name.substr(0, kWebSocket.size()), kWebSocket);
}

bool Settings::accepts(std::string_view name) const {
  return isNamed(response_headers, name) ||
         (style == Style::kGrpc && isNamed(response_headers, kAllFields));
}

}  // namespace weir::gateway::forward_auth
