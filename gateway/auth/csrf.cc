#include "gateway/auth/csrf.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/http/syntax.h"
#include "gateway/auth/csrf_metrics.h"

namespace weir::gateway {
namespace {

constexpr std::pair<std::string_view, Csrf::Enforcement> kCsrfModes[] = {
    {"enforce", Csrf::Enforcement::kEnforce}, {"shadow", Csrf::Enforcement::kShadow}};

// Whether the page and the request have the same host and port. The scheme is not compared: weir
// does not know that of a proxy before it.
bool isSameHost(std::string_view origin, const http::Request& request) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;
  return http::isSameAuthority(origin.substr(scheme + 3), request.authority,
                               origin.substr(0, scheme));
}

}  // namespace

void Csrf::Config::read(config::Table& table, Config& out) {
  table.read("trusted_origins", out.trusted_origins,
             "Origins whose pages may send requests that change something, such as "
             "`https://pay.example` or `https://*.shop.example`.");
  table.read("mode", out.enforcement, kCsrfModes,
             "Whether requests of other origins are refused (`enforce`) or only counted "
             "(`shadow`).");
}

Csrf::Local::Local(const Config& config, const filter::LocalTools& tools)
    : allowed(tools.metrics.counter(csrfKey(CsrfDecision::kAllow))),
      denied(tools.metrics.counter(csrfKey(config.enforcement == Enforcement::kShadow
                                               ? CsrfDecision::kShadowDeny
                                               : CsrfDecision::kDeny))) {}

filter::Verdict Csrf::onRequest(http::Request& request) {
  if (allows(request)) {
    local_.allowed.add();
    return filter::Verdict::proceed();
  }
  local_.denied.add();
  if (config_.enforcement == Enforcement::kShadow) return filter::Verdict::proceed();
  return filter::Verdict::reply({.status = 403,
                                 .reason = Reason::kAuthzDenied,
                                 .detail = "the request comes from a page of another origin"});
}

// All browsers send Sec-Fetch-Site to secure origins, and older ones Origin. A client that sends
// neither is no browser. "Origin: null" is that of a page that conceals its origin.
bool Csrf::allows(const http::Request& request) const {
  if (http::isSafe(request.method)) return true;
  const auto origin = request.headers.get(http::HeaderId::kOrigin);
  const auto site = request.headers.joined("sec-fetch-site");
  if (site == "same-origin" || site == "none") return true;
  if (!site && !origin) return true;
  if (!site && isSameHost(*origin, request)) return true;
  return origin && trusts(*origin);
}

bool Csrf::trusts(std::string_view origin) const {
  return std::ranges::any_of(config_.trusted_origins, [origin](const OriginPattern& pattern) {
    return pattern.matches(origin);
  });
}

}  // namespace weir::gateway
