#include "core/http/target.h"

#include "core/base/lower_case.h"
#include "core/base/number.h"
#include "core/config/table.h"
#include "core/http/message.h"
#include "core/http/syntax.h"

namespace weir::http {

std::uint16_t portOf(const Absolute& url) {
  std::string_view port = defaultPort(url.scheme);
  const std::size_t colon = url.authority.rfind(':');
  const std::size_t bracket = url.authority.rfind(']');
  const bool given = colon != std::string_view::npos &&
                     (bracket == std::string_view::npos || colon > bracket) &&
                     colon + 1 < url.authority.size();
  if (given) port = url.authority.substr(colon + 1);
  return parseNumber<std::uint16_t>(port).value_or(0);
}

std::optional<Url> Url::parse(std::string_view text) {
  const Absolute parts = splitAbsolute(text);
  if (!isTargetText(text) || !isAuthority(parts.authority)) return std::nullopt;
  Url url{parts.scheme == "https", lowerCase(hostOf(parts.authority)), portOf(parts), {}};
  if (url.port == 0) return std::nullopt;
  url.target = parts.rest.starts_with('/') ? "" : "/";
  url.target += parts.rest;
  return url;
}

std::string Url::authority() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  std::string text = ipv6 ? "[" + host + "]" : host;
  const std::string number = std::to_string(port);
  return number == defaultPort(secure ? "https" : "http") ? text : text + ":" + number;
}

std::string Url::origin() const { return (secure ? "https://" : "http://") + authority(); }

void Target::read(config::Table& table, Target& out) {
  table.read("url", out.url,
             "URL, \"https://host/path\". weir makes an upstream for its host, named after the "
             "URL up to its path: addresses by DNS, and with https TLS with the CA certificates of "
             "the system. An upstream of that name in the configuration is used instead.");
  table.read("upstream", out.upstream, "Name of the upstream, instead of url.");
  table.read("path", out.path, "Path and query at the upstream.");
  table.exactlyOneOf({"url", "upstream"});
  if (table.has("url") && out.url && !Url::parse(*out.url)) {
    table.fail("url", "is not a URL such as \"https://host/path\"");
  }
  if (table.has("path") && out.url) table.fail("path", "belongs into the URL");
  if (!out.path.starts_with('/') || !isTargetText(out.path)) {
    table.fail("path", "is not a path that begins with \"/\"");
  }
  table.locate(out.origin, out.url ? "url" : "upstream");
}

std::string Target::upstreamName() const {
  if (upstream) return *upstream;
  const auto parsed = url ? Url::parse(*url) : std::nullopt;
  return parsed ? parsed->origin() : std::string();
}

std::string Target::authority() const {
  const auto parsed = url ? Url::parse(*url) : std::nullopt;
  return parsed ? parsed->authority() : std::string();
}

std::string Target::pathAndQuery() const {
  const auto parsed = url ? Url::parse(*url) : std::nullopt;
  return parsed ? parsed->target : path;
}

void refusePath(config::Table& table, std::string_view key, const Target& target) {
  if (table.has(key) && target.pathAndQuery() != "/") table.fail(key, "must not have a path");
}

}  // namespace weir::http
