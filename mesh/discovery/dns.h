#pragma once

#include <memory>

#include "core/base/clock.h"
#include "core/config/table.h"
#include "core/dns/answer.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `dns = "orders.internal:8080"`, or { address = "...", family = "ipv4" }.
struct DnsSettings {
  static constexpr std::string_view kShortKey = "address";
  config::Address address;
  dns::Family family = dns::Family::kAll;
  Milliseconds min_refresh{1'000};

  static void read(config::Table& table, DnsSettings& out);
  friend bool operator==(const DnsSettings&, const DnsSettings&) = default;
};

// Makes every address of a name an endpoint. The query is repeated when the TTL of the answer
// expires, at most every `min_refresh`. If the query for one family fails, the addresses of that
// family remain.
std::shared_ptr<const upstream::DiscoverySource> makeDns(const DnsSettings& settings);

}  // namespace weir::mesh
