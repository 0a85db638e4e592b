#include "core/route/settings.h"

#include <array>
#include <cstddef>

#include "core/base/number.h"
#include "core/config/document.h"
#include "core/http/syntax.h"
#include "core/regex/regex.h"
#include "core/route/header_rules.h"
#include "core/route/path_pattern.h"
#include "core/route/retry_words.h"
#include "core/route/upgrades.h"

namespace weir::config {

bool Codec<route::PlacedText>::read(const Entry& entry, route::PlacedText& out,
                                    const Rules<route::PlacedText>& rules) {
  out.location = entry.reading().document.location(entry.value().position());
  return Codec<std::string>::read(entry, out.text, {rules.limits});
}

Type Codec<route::PlacedText>::type(const route::PlacedText& now,
                                    const Rules<route::PlacedText>& rules, const Scope& scope) {
  return Codec<std::string>::type(now.text, {rules.limits}, scope);
}

Value Codec<route::PlacedText>::show(const route::PlacedText& now,
                                     const Rules<route::PlacedText>& rules, const Scope& scope) {
  return Codec<std::string>::show(now.text, {rules.limits}, scope);
}

}  // namespace weir::config

namespace weir::route {
namespace {

using PatternParser = std::optional<PathPattern> (*)(std::string_view text, std::string& why);

void checkPattern(config::Table& table, std::string_view key,
                  const std::optional<std::string>& text, PatternParser parse) {
  std::string why;
  if (text && !parse(*text, why)) table.fail(key, why);
}

void checkRegex(config::Table& table, std::string_view key, const std::string& pattern) {
  std::string why;
  if (!Regex::compile(pattern, why)) table.fail(key, why);
}

void checkMethods(config::Table& table, const std::vector<std::string>& methods) {
  for (std::size_t i = 0; i < methods.size(); ++i) {
    std::string upper = methods[i];
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (!isHeaderName(methods[i])) {
      table.failElement("methods", i, "not the name of a method");
    } else if (upper != methods[i] && http::methodOf(upper) != http::Method::kOther) {
      table.failElement("methods", i, "methods are case-sensitive", upper);
    }
  }
}

void checkHeaderNames(config::Table& table, const MatchSettings& settings) {
  for (const auto& [name, match] : settings.headers) {
    const http::HeaderId id = http::headerId(name);
    if (!isHeaderName(name)) {
      table.fail("headers", "\"" + name + "\" is not the name of a header");
    } else if (id == http::HeaderId::kHost) {
      table.fail("headers", "the host is matched by the route's hosts");
    } else if (http::isFramingField(id)) {
      table.fail("headers", "\"" + name + "\" frames the message and cannot be matched");
    }
  }
}

// A path that is forwarded as received cannot be changed.
void checkPathPolicy(config::Table& table, const RouteSettings& settings) {
  if (settings.path.normalize) return;
  if (!settings.upstream && settings.split.empty()) {
    table.fail("normalize_path", "has no effect if requests are not forwarded");
  } else if (settings.rewrite && (settings.rewrite->path.path || settings.rewrite->path.prefix ||
                                  settings.rewrite->path.regex)) {
    table.fail("normalize_path", "cannot be false if rewrite replaces the path");
  }
}

constexpr std::array<std::pair<std::string_view, QueryChange>, 2> kQueryChanges = {{
    {"keep", QueryChange::kKeep},
    {"strip", QueryChange::kStrip},
}};

}  // namespace

void readUpgrades(config::Table& table, OptionalBox<std::vector<std::string>>& out,
                  std::string_view meaning) {
  table.read("upgrades", out, meaning);
  if (!out) return;
  for (std::size_t i = 0; i < out->size(); ++i) {
    const std::string_view fault = Upgrades::faultOf((*out)[i]);
    if (!fault.empty()) table.failElement("upgrades", i, std::string(fault));
  }
}

void TextMatchSettings::read(config::Table& table, TextMatchSettings& out) {
  table.read("exact", out.exact, "Exact value.");
  table.read("prefix", out.prefix, "Prefix of the value.", {.min_size = 1});
  table.read("suffix", out.suffix, "Suffix of the value.", {.min_size = 1});
  table.read("contains", out.contains, "Substring of the value.", {.min_size = 1});
  table.read("regex", out.regex, "RE2 regular expression that must match the whole value.");
  table.read("present", out.present, "Presence: true matches any value.");
  table.read("absent", out.absent, "Absence: true matches requests without it.");
  table.exactlyOneOf({"exact", "prefix", "suffix", "contains", "regex", "present", "absent"});
  if (out.regex) checkRegex(table, "regex", *out.regex);
  if (table.has("present") && !out.present) table.fail("present", "write absent = true instead");
  if (table.has("absent") && !out.absent) table.fail("absent", "write present = true instead");
}

void MatchSettings::read(config::Table& table, MatchSettings& out) {
  table.read("path", out.path, "Exact path.");
  table.read(
      "path_prefix", out.path_prefix,
      "Path prefix of whole segments: \"/a\" and \"/a/\" match /a, /a/ and /a/b, but not /ab.");
  table.read("path_template", out.path_template,
             "Path template with captured segments: \"/users/{id}\".");
  table.read("path_regex", out.path_regex,
             "RE2 regular expression that must match the whole path.");
  table.read("methods", out.methods, "Methods, one of which the request must have. Empty: all.");
  table.read(
      "headers", out.headers,
      "Conditions on headers, by name. Several fields of one name are joined by \", \" first.");
  table.read("query", out.query,
             "Conditions on decoded query parameters, by name. The first of several with one name "
             "counts.");
  table.read("source", out.source,
             "Address ranges, one of which must contain the client address. Empty: all.");
  table.read("listeners", out.listeners,
             "Names of listeners, one of which must have accepted the request. Empty: all.");
  table.atMostOneOf({"path", "path_prefix", "path_template", "path_regex"});
  checkPattern(table, "path", out.path, PathPattern::exact);
  checkPattern(table, "path_prefix", out.path_prefix, PathPattern::prefix);
  checkPattern(table, "path_template", out.path_template, PathPattern::pathTemplate);
  checkPattern(table, "path_regex", out.path_regex, PathPattern::regex);
  checkMethods(table, out.methods);
  checkHeaderNames(table, out);
}

void SplitSettings::read(config::Table& table, SplitSettings& out) {
  table.read("upstream", out.upstream, "Name of an upstream.", {.required = true});
  table.read("weight", out.weight, "Share of the requests, relative to the sum of all weights.");
  if (table.has("weight") && out.weight == 0) table.warn("weight", "is 0: it receives no requests");
}

void MirrorSettings::read(config::Table& table, MirrorSettings& out) {
  table.read("upstream", out.upstream, "Name of an upstream.", {.required = true});
  table.read("percent", out.percent, "Share of the requests that are mirrored.",
             {.min = 0, .max = 100});
}

void PathChangeSettings::readKeys(config::Table& table, PathChangeSettings& out) {
  table.read("path", out.path,
             "New path; may contain variables. With a \"?\" it also replaces the query.");
  table.read("prefix", out.prefix, "Replacement for the prefix matched by the route.");
  table.read("regex", out.regex, "RE2 regular expression; every match in the path is replaced.");
  table.read("with", out.with,
             "Replacement for the matches of regex: \\0 is the match, \\1 to \\9 are its groups.");
  table.atMostOneOf({"path", "prefix", "regex"});
  if (out.regex && !out.with) table.fail("regex", "needs \"with\", the replacement");
  if (out.with && !out.regex) table.fail("with", "needs \"regex\", the text to replace");
}

void RewriteSettings::read(config::Table& table, RewriteSettings& out) {
  PathChangeSettings::readKeys(table, out.path);
  table.read("host", out.host, "New Host; may contain variables.", {.min_size = 1});
}

void RedirectSettings::read(config::Table& table, RedirectSettings& out) {
  table.read("status", out.status, "Status code of the redirect: 301, 302, 303, 307 or 308.",
             {.min = 301, .max = 308});
  table.read("scheme", out.scheme, "New scheme, http or https. Default: the request's.");
  table.read("host", out.host, "New host; may contain variables. Default: the request's.",
             {.min_size = 1});
  table.read(
      "port", out.port,
      "New port. Default: the default port of the new scheme, if any, otherwise the request's.",
      {.min = 1});
  PathChangeSettings::readKeys(table, out.path);
  table.read("query", out.query, kQueryChanges, "Handling of the request's query.");
  if (out.status > 303 && out.status < 307) {
    table.fail("status", "must be 301, 302, 303, 307 or 308");
  }
  if (out.scheme && *out.scheme != "http" && *out.scheme != "https") {
    table.fail("scheme", "must be \"http\" or \"https\"");
  }
}

void RespondSettings::read(config::Table& table, RespondSettings& out) {
  table.read("status", out.status, "Status code of the response.", {.min = 200, .max = 599});
  table.read("headers", out.headers, "Headers of the response; may contain variables.");
  table.read("body", out.body, "Body of the response; may contain variables.");
}

void BackoffSettings::read(config::Table& table, BackoffSettings& out) {
  table.read("base", out.base,
             "Maximum delay before the first retry; it doubles with each further retry.",
             {.min = Milliseconds(1)});
  table.read("max", out.max, "Maximum delay before any retry.", {.min = Milliseconds(1)});
}

void RetrySettings::read(config::Table& table, RetrySettings& out) {
  table.read("attempts", out.attempts, "Maximum number of retries after the first attempt.",
             {.max = 100});
  table.read(
      "on", out.on,
      "Conditions for a retry: connect-failure, reset (before response headers), timeout (of an "
      "attempt), refused-stream, a status code such as 503, gateway-error (502, 503, 504), 5xx, or "
      "a "
      "gRPC status such as unavailable. A gRPC status is a condition for all gRPC calls, if it "
      "arrives before a message; the response's head waits until then.");
  table.read("backoff", out.backoff, "Delays before retries, with full jitter.");
  table.read("max_retry_after", out.max_retry_after,
             "Maximum pause that a response may ask for with Retry-After or "
             "grpc-retry-pushback-ms. One that asks for a longer pause is not retried.",
             {.min = Milliseconds(0), .max = std::chrono::minutes(10)});
  table.read("replay_body", out.replay_body,
             "Maximum size of a request body that is buffered for retries. A request with a longer "
             "body is not retried.");
  table.read("non_idempotent", out.non_idempotent,
             "Whether to retry non-idempotent methods, such as POST, although the upstream may "
             "already have processed the request.");
  for (std::size_t i = 0; i < out.on.size(); ++i) {
    std::string suggestion;
    if (RetryPolicy policy; !addRetryWord(out.on[i], policy, suggestion)) {
      table.failElement("on", i, "unknown condition \"" + out.on[i] + "\"", suggestion);
    }
  }
}

std::vector<const PlacedText*> RouteSettings::upstreams() const {
  std::vector<const PlacedText*> found;
  if (upstream) found.push_back(&*upstream);
  for (const SplitSettings& each : split) found.push_back(&each.upstream);
  for (const MirrorSettings& each : mirror) found.push_back(&each.upstream);
  return found;
}

namespace {

// Settings that make no sense together.
void checkTogether(config::Table& table, const RouteSettings& out) {
  const Milliseconds none(0);
  const Milliseconds whole = out.timeouts.request.value_or(none);
  if (whole > none && out.timeouts.per_try.value_or(none) >= whole) {
    table.warn("per_try_timeout", "is not shorter than `timeout` and never expires");
  }
  if (!out.redirect && !out.respond) return;
  for (const std::string_view key :
       {"mirror", "rewrite", "hash_on", "split_on", "session_persistence", "timeout",
        "per_try_timeout", "idle_timeout", "retry", "upgrades"}) {
    if (table.has(key)) table.fail(key, "has no effect if requests are not forwarded");
  }
}

}  // namespace

void RouteSettings::read(config::Table& table, RouteSettings& out) {
  out.location = table.location();
  table.read("name", out.name,
             "Unique name, used in metrics and logs. Default: derived from host and path.",
             {.min_size = 1, .max_size = 128});
  table.read("hosts", out.hosts, "Host names: exact, \"*.example.com\" (any depth) or \"*\".",
             {.min_size = 1});
  table.read("match", out.match, "Conditions on the request, in addition to the host.");

  table.read("upstream", out.upstream, "Name of the upstream to forward to.");
  table.read("split", out.split, "Upstreams to forward to, chosen at random by weight.",
             {.min_size = 1});
  table.read("redirect", out.redirect, "Redirect to send to the client.");
  table.read("respond", out.respond, "Fixed response, sent without an upstream.");
  table.exactlyOneOf({"upstream", "split", "redirect", "respond"});

  table.read("mirror", out.mirror,
             "Upstreams that receive a copy of the request; their responses are discarded.");
  table.read("rewrite", out.rewrite, "Changes to path and host before forwarding.");
  table.read("escaped_slashes", out.path.reserved_escapes, kEscapedSlashes,
             "Handling of paths with %2F, %5C or %00, which occur in npm package names and GitLab "
             "project names. Default: the listener's.");
  table.read("normalize_path", out.path.normalize,
             "Whether to forward the path in its normalized form, which route matching always "
             "uses. false: forward it as received.");
  checkPathPolicy(table, out);
  table.read("request_headers", out.request_headers, "Changes to request headers.");
  table.read("response_headers", out.response_headers, "Changes to response headers.");
  table.read(
      "hash_on", out.hash_on,
      "Texts with variables, the first non-empty one of which is the key of a request: "
      "[\"${request.header.x-user}\", \"${client.address}\"]. A balancer such as maglev sends "
      "requests with the same key to the same endpoint; without a key, to any.",
      {.min_size = 1, .max_size = 16});
  table.read("split_on", out.split_on,
             "Texts with variables, the first non-empty one of which decides the upstream of a "
             "split: requests with the same text go to the same upstream. Default: at random.",
             {.min_size = 1, .max_size = 16});
  if (out.split_on && out.split.empty()) table.fail("split_on", "has no effect without split");
  table.read("session_persistence", out.session_persistence,
             "Sessions: a client stays at the upstream and the endpoint that served its first "
             "request.");
  table.read("timeout", out.timeouts.request,
             "Time limit for the complete response, including retries. 0 disables it.");
  table.read("per_try_timeout", out.timeouts.per_try, "Time limit for one attempt. 0 disables it.");
  table.read("idle_timeout", out.timeouts.idle,
             "Maximum time without progress on a stream. 0 disables it.");
  table.read("retry", out.retry, "Retry policy.");
  readUpgrades(
      table, out.upgrades,
      "Protocols to which clients may switch by Upgrade or extended CONNECT. The first listed "
      "protocol that a request names is forwarded; the others are removed. h2c and HTTP/2 are not "
      "allowed, because their requests would bypass routes and filters. Default: [\"websocket\"].");
  table.read("filters", out.filters, table.kinds("filter"),
             "Filters, applied to requests in this order and to responses in reverse order.");
  table.read("without_filters", out.without_filters,
             "Names of filters of the listener that are not applied to requests of this route.");
  checkTogether(table, out);
  out.clean = table.clean();
}

}  // namespace weir::route
