#include "observability/admin/origin_check.h"

#include <algorithm>
#include <optional>

#include "core/http/header_id.h"
#include "core/http/syntax.h"
#include "core/net/address.h"

namespace weir::admin {
namespace {

// Without a host, the client is not a browser, because HTTP/1.1 requires one.
bool isOurHost(std::string_view authority, std::span<const std::string> hosts) {
  const std::string_view host = http::hostOf(authority);
  if (authority.empty() || IpAddress::parse(host).ok()) return true;
  if (http::equalsIgnoringCase(host, "localhost")) return true;
  return std::ranges::any_of(
      hosts, [&](const std::string& ours) { return http::equalsIgnoringCase(host, ours); });
}

bool isOurOrigin(std::string_view origin, std::string_view authority) {
  // "null", like any other foreign origin, has no authority.
  const http::Absolute site = http::splitAbsolute(origin);
  return !site.authority.empty() && site.rest.empty() &&
         http::isSameAuthority(site.authority, authority, site.scheme);
}

// All fields of the name are checked, so that a repeated one cannot hide another.
template <typename Holds>
bool allFields(const http::Headers& headers, std::string_view name, const Holds& holds) {
  return std::ranges::all_of(headers, [&](const http::Header& header) {
    return !http::equalsIgnoringCase(header.name, name) || holds(header.value);
  });
}

bool isOurSite(std::string_view site) { return site == "none" || site == "same-origin"; }

}  // namespace

bool changesState(http::Method method) {
  return method != http::Method::kGet && method != http::Method::kHead;
}

std::string_view refusalOf(const http::Request& request, std::span<const std::string> hosts) {
  if (!isOurHost(request.authority, hosts)) {
    return "unknown host: call by IP address or localhost, or list the name in admin.hosts";
  }
  if (!changesState(request.method)) return {};
  const auto is_ours = [&](std::string_view origin) {
    return isOurOrigin(origin, request.authority);
  };
  const bool ours = allFields(request.headers, "origin", is_ours) &&
                    allFields(request.headers, "sec-fetch-site", isOurSite);
  return ours ? "" : "requested by a page of another site";
}

}  // namespace weir::admin
