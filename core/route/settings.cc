#include "core/route/settings.h"

#include <array>
#include <cstddef>

#include "core/base/number.h"
#include "core/config/document.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"
#include "core/route/path_pattern.h"
#include "core/route/regex.h"
#include "core/route/retry_words.h"
#include "core/route/upgrades.h"

namespace weir::config {

bool Codec<route::PlacedText>::read(const Entry& entry, route::PlacedText& out,
                                    const Rules<route::PlacedText>& rules) {
  out.place = entry.reading().document.place(entry.value().position());
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

// Of a path that is forwarded as it came, nothing can be replaced.
void checkPathPolicy(config::Table& table, const RouteSettings& settings) {
  if (settings.path.normalize) return;
  if (!settings.upstream && settings.split.empty()) {
    table.fail("normalize_path", "means nothing where nothing is forwarded");
  } else if (settings.rewrite && (settings.rewrite->path.path || settings.rewrite->path.prefix ||
                                  settings.rewrite->path.regex)) {
    table.fail("normalize_path", "cannot be false where rewrite replaces the path");
  }
}

constexpr std::array<std::pair<std::string_view, QueryChange>, 2> kQueryChanges = {{
    {"keep", QueryChange::kKeep},
    {"strip", QueryChange::kStrip},
}};

}  // namespace

void readUpgrades(config::Table& table, Boxed<std::vector<std::string>>& out,
                  std::string_view meaning) {
  table.read("upgrades", out, meaning);
  if (!out) return;
  for (std::size_t i = 0; i < out->size(); ++i) {
    const std::string_view fault = Upgrades::faultOf((*out)[i]);
    if (!fault.empty()) table.failElement("upgrades", i, std::string(fault));
  }
}

void TextMatchSettings::read(config::Table& table, TextMatchSettings& out) {
  table.read("exact", out.exact, "The whole value.");
  table.read("prefix", out.prefix, "What the value begins with.", {.min_size = 1});
  table.read("suffix", out.suffix, "What the value ends with.", {.min_size = 1});
  table.read("contains", out.contains, "What the value contains.", {.min_size = 1});
  table.read("regex", out.regex, "An RE2 regex that the whole value matches.");
  table.read("present", out.present, "true: any value.");
  table.read("absent", out.absent, "true: it must not be there.");
  table.exactlyOneOf({"exact", "prefix", "suffix", "contains", "regex", "present", "absent"});
  if (out.regex) checkRegex(table, "regex", *out.regex);
  if (table.has("present") && !out.present) table.fail("present", "write absent = true instead");
  if (table.has("absent") && !out.absent) table.fail("absent", "write present = true instead");
}

void MatchSettings::read(config::Table& table, MatchSettings& out) {
  table.read("path", out.path, "This path and no other.");
  table.read("path_prefix", out.path_prefix,
             "This path and those below it: \"/a\" and \"/a/\" match /a, /a/ and /a/b, not /ab.");
  table.read("path_template", out.path_template, "A path with captured segments: \"/users/{id}\".");
  table.read("path_regex", out.path_regex, "An RE2 regex that the whole path matches.");
  table.read("methods", out.methods, "Any of these methods; all when empty.");
  table.read("headers", out.headers,
             "What headers must be. Several of one name are joined by \", \" before.");
  table.read("query", out.query,
             "What query parameters must be, decoded. Of several of one name the first counts.");
  table.read("source", out.source, "Any of these ranges of client addresses; all when empty.");
  table.read("listeners", out.listeners, "Any of these listeners; all when empty.");
  table.atMostOneOf({"path", "path_prefix", "path_template", "path_regex"});
  checkPattern(table, "path", out.path, PathPattern::exact);
  checkPattern(table, "path_prefix", out.path_prefix, PathPattern::prefix);
  checkPattern(table, "path_template", out.path_template, PathPattern::pathTemplate);
  checkPattern(table, "path_regex", out.path_regex, PathPattern::regex);
  checkMethods(table, out.methods);
  checkHeaderNames(table, out);
}

void SplitSettings::read(config::Table& table, SplitSettings& out) {
  table.read("upstream", out.upstream, "The name of an upstream.", {.required = true});
  table.read("weight", out.weight, "Its share of the requests, of the sum of all weights.");
  if (table.has("weight") && out.weight == 0) table.warn("weight", "is 0: it gets no request");
}

void MirrorSettings::read(config::Table& table, MirrorSettings& out) {
  table.read("upstream", out.upstream, "The name of an upstream.", {.required = true});
  table.read("percent", out.percent, "Of how many requests a copy is sent.",
             {.min = 0, .max = 100});
}

void PathChangeSettings::readKeys(config::Table& table, PathChangeSettings& out) {
  table.read("path", out.path,
             "The new path, with variables. With a \"?\" it brings its own query.");
  table.read("prefix", out.prefix, "What replaces the prefix that the route matches.");
  table.read("regex", out.regex, "An RE2 regex; every part of the path that matches is replaced.");
  table.read("with", out.with, "What replaces it: \\0 is the match, \\1 to \\9 are its groups.");
  table.atMostOneOf({"path", "prefix", "regex"});
  if (out.regex && !out.with) table.fail("regex", "\"with\" must say what replaces it");
  if (out.with && !out.regex) table.fail("with", "\"regex\" must say what is replaced");
}

void RewriteSettings::read(config::Table& table, RewriteSettings& out) {
  PathChangeSettings::readKeys(table, out.path);
  table.read("host", out.host, "The new Host, with variables.", {.min_size = 1});
}

void RedirectSettings::read(config::Table& table, RedirectSettings& out) {
  table.read("status", out.status, "301, 302, 303, 307 or 308.", {.min = 301, .max = 308});
  table.read("scheme", out.scheme, "http or https; else that of the request.");
  table.read("host", out.host, "The new host, with variables; else that of the request.",
             {.min_size = 1});
  table.read("port", out.port,
             "The new port; else that of the new scheme, else that of the request.", {.min = 1});
  PathChangeSettings::readKeys(table, out.path);
  table.read("query", out.query, kQueryChanges, "What becomes of the request's query.");
  if (out.status > 303 && out.status < 307) {
    table.fail("status", "must be 301, 302, 303, 307 or 308");
  }
  if (out.scheme && *out.scheme != "http" && *out.scheme != "https") {
    table.fail("scheme", "must be \"http\" or \"https\"");
  }
}

void RespondSettings::read(config::Table& table, RespondSettings& out) {
  table.read("status", out.status, "The status.", {.min = 200, .max = 599});
  table.read("headers", out.headers, "Headers, with variables.");
  table.read("body", out.body, "The body, with variables.");
}

void HeaderRulesSettings::read(config::Table& table, HeaderRulesSettings& out) {
  table.read("remove", out.remove, "Removed first.");
  table.read("set", out.set, "Then these replace those of the same name; with variables.");
  table.read("add", out.add, "Then these are added; with variables.");
}

void BackoffSettings::read(config::Table& table, BackoffSettings& out) {
  table.read("base", out.base, "The longest first pause; it doubles with each further try.",
             {.min = Milliseconds(1)});
  table.read("max", out.max, "The longest pause.", {.min = Milliseconds(1)});
}

void RetrySettings::read(config::Table& table, RetrySettings& out) {
  table.read("attempts", out.attempts, "Further tries after the first.", {.max = 100});
  table.read("on", out.on,
             "connect-failure, reset (before response headers), timeout (of a try), "
             "refused-stream, a status such as 503, gateway-error (502, 503, 504) or 5xx.");
  table.read("backoff", out.backoff,
             "Pauses before further tries, of random length (full jitter).");
  table.read("replay_body", out.replay_body,
             "How much of a request's body is kept for further tries; a longer one is sent once.");
  table.read("non_idempotent", out.non_idempotent,
             "Also POST and others that are not idempotent, though the upstream may have acted.");
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

void RouteSettings::read(config::Table& table, RouteSettings& out) {
  out.place = table.place();
  table.read("name", out.name, "Unique; in metrics and logs. Derived from host and path if absent.",
             {.min_size = 1, .max_size = 128});
  table.read("hosts", out.hosts, "Hosts: exact, \"*.example.com\" (any depth) or \"*\".",
             {.min_size = 1});
  table.read("match", out.match, "What a request must have beside its host.");

  table.read("upstream", out.upstream, "Forwards to this upstream.");
  table.read("split", out.split, "Forwards to one of several upstreams, by weight.",
             {.min_size = 1});
  table.read("redirect", out.redirect, "Sends the client elsewhere.");
  table.read("respond", out.respond, "Answers without an upstream.");
  table.exactlyOneOf({"upstream", "split", "redirect", "respond"});

  table.read("mirror", out.mirror, "Upstreams that get a copy; their answers are thrown away.");
  table.read("rewrite", out.rewrite, "What is changed about path and host before forwarding.");
  table.read("escaped_slashes", out.path.reserved_escapes, kEscapedSlashes,
             "Paths with %2F, %5C or %00, as package names of npm and project names of GitLab have "
             "them. Default: as the listener says.");
  table.read("normalize_path", out.path.normalize,
             "Whether the path is forwarded in its normal form, by which routes are matched. "
             "false: as it was received.");
  checkPathPolicy(table, out);
  table.read("request_headers", out.request_headers, "Changes to the headers of requests.");
  table.read("response_headers", out.response_headers, "Changes to the headers of responses.");
  table.read("timeout", out.timeouts.request,
             "For the whole response, all tries together; 0: none.");
  table.read("per_try_timeout", out.timeouts.per_try, "For one try; 0: none.");
  table.read("idle_timeout", out.timeouts.idle, "For a stream on which nothing moves; 0: none.");
  table.read("retry", out.retry, "When a request is tried again.");
  readUpgrades(table, out.upgrades,
               "Protocols that clients may switch to by Upgrade or an extended CONNECT; the first "
               "one of a request that is listed is forwarded, others are not. Never h2c or HTTP/2, "
               "whose requests would pass routes and filters unseen. Default: [\"websocket\"].");
  table.read("filters", out.filters, table.kinds("filter"),
             "What requests pass, in this order, and responses on their way back.");
  const Milliseconds none(0);
  const Milliseconds whole = out.timeouts.request.value_or(none);
  if (whole > none && out.timeouts.per_try.value_or(none) >= whole) {
    table.warn("per_try_timeout", "is not shorter than `timeout`, and never runs out");
  }
  out.clean = table.clean();
  if (!out.redirect && !out.respond) return;
  for (const std::string_view key :
       {"mirror", "rewrite", "timeout", "per_try_timeout", "idle_timeout", "retry", "upgrades"}) {
    if (table.has(key)) table.fail(key, "means nothing where nothing is forwarded");
  }
  out.clean = table.clean();
}

}  // namespace weir::route
