#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/ip_range.h"
#include "core/config/table.h"
#include "core/route/settings.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `original = {...}`: connections of a transparent listener go to their original destination.
struct OriginalSettings {
  bool loopback = false;
  std::vector<IpRange> allow;
  std::vector<std::uint16_t> ports;

  static void read(config::Table& table, OriginalSettings& out);
  friend bool operator==(const OriginalSettings&, const OriginalSettings&) = default;
};

std::shared_ptr<const upstream::DiscoverySource> makeOriginal(const OriginalSettings& settings);

}  // namespace weir::mesh
