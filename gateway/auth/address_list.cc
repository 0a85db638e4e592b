#include "gateway/auth/address_list.h"

#include <algorithm>

#include "core/route/settings.h"

namespace weir::gateway {
namespace {

bool contains(const std::vector<IpRange>& ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const IpRange& range) { return range.contains(address); });
}

}  // namespace

void AddressList::Config::read(config::Table& table, Config& out) {
  table.read("allow", out.allow, "Address ranges of the allowed clients. Empty: all.");
  table.read("deny", out.deny,
             "Address ranges of the denied clients; takes precedence over `allow`.");
}

filter::Verdict AddressList::onRequest(http::Request&) {
  // A client without an address (Unix socket) counts as ::, which only all-address ranges contain.
  const IpAddress client = control_.clientIp();
  const bool admitted =
      (config_.allow.empty() || contains(config_.allow, client)) && !contains(config_.deny, client);
  if (admitted) return filter::Verdict::proceed();
  return filter::Verdict::reply({.status = 403,
                                 .reason = Reason::kAuthzDenied,
                                 .detail = "the client's address is not allowed"});
}

}  // namespace weir::gateway
