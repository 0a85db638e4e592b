#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/config/table.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `srv = "_http._tcp.orders.internal"`.
struct SrvSettings {
  static constexpr std::string_view kShortKey = "name";

  std::string name;
  Milliseconds min_refresh{1'000};

  static void read(config::Table& table, SrvSettings& out);
  friend bool operator==(const SrvSettings&, const SrvSettings&) = default;
};

// Takes targets, ports and weights from SRV records, then resolves the targets. The first priority
// (the lowest number) with addresses is used. A target with several addresses divides its weight
// among them; weight 0 counts as the smallest weight (RFC 2782).
std::shared_ptr<const upstream::DiscoverySource> makeSrv(const SrvSettings& settings);

}  // namespace weir::mesh
