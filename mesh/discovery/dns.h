#pragma once

#include <memory>

#include "core/config/table.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `dns = "orders.internal:8080"`, or { address = "...", family = "ipv4" }.
struct DnsSettings {
  static constexpr std::string_view kShortKey = "address";
  enum class Family { kAll, kIpv4, kIpv6 };

  config::Address address;
  Family family = Family::kAll;

  static void read(config::Table& table, DnsSettings& out);
};

// Every address of a name is an endpoint. Asked for again when the TTL of the answer is over.
std::shared_ptr<const upstream::DiscoverySource> makeDns(const DnsSettings& settings);

}  // namespace weir::mesh
