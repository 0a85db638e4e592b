#include "observability/admin/defence.h"

#include <algorithm>
#include <optional>

#include "core/http/header_id.h"
#include "core/http/syntax.h"
#include "core/net/address.h"

namespace weir::admin {
namespace {

// No host at all: no browser, since HTTP/1.1 demands one.
bool isOurHost(std::string_view authority, std::span<const std::string> hosts) {
  const std::string_view host = http::hostOf(authority);
  if (authority.empty() || net::Ip::parse(host).ok()) return true;
  if (http::equalsIgnoringCase(host, "localhost")) return true;
  return std::ranges::any_of(
      hosts, [&](const std::string& ours) { return http::equalsIgnoringCase(host, ours); });
}

bool isOurOrigin(std::string_view origin, std::string_view authority) {
  // "null" and whatever else is not ours has no authority.
  const http::Absolute site = http::splitAbsolute(origin);
  return !site.authority.empty() && site.rest.empty() &&
         http::isSameAuthority(site.authority, authority, site.scheme);
}

bool changesState(http::Method method) {
  return method != http::Method::kGet && method != http::Method::kHead;
}

}  // namespace

std::string_view refusalOf(const http::Request& request, std::span<const std::string> hosts) {
  if (!isOurHost(request.authority, hosts)) {
    return "unknown host: call by IP address or localhost, or list the name in admin.hosts";
  }
  if (!changesState(request.method)) return {};
  const http::Header* origin = request.headers.find(http::HeaderId::kOrigin);
  if (origin != nullptr && !isOurOrigin(origin->value, request.authority)) {
    return "asked for by a page of another site";
  }
  const std::string_view site = request.headers.get("sec-fetch-site").value_or("none");
  if (site != "none" && site != "same-origin") return "asked for by a page of another site";
  return {};
}

}  // namespace weir::admin
