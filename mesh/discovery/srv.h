#pragma once

#include <memory>
#include <string>

#include "core/config/table.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `srv = "_http._tcp.orders.internal"`.
struct SrvSettings {
  static constexpr std::string_view kShortKey = "name";

  std::string name;

  static void read(config::Table& table, SrvSettings& out);
  friend bool operator==(const SrvSettings&, const SrvSettings&) = default;
};

// Targets, ports and weights from SRV records, then the addresses of the targets. Of several
// priorities the first (the lowest number) with addresses is used. A target with several addresses
// shares its weight among them; weight 0 stands for the least share that there is (RFC 2782).
std::shared_ptr<const upstream::DiscoverySource> makeSrv(const SrvSettings& settings);

}  // namespace weir::mesh
