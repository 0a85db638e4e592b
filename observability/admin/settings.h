#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/config/units.h"

namespace weir::config {
class Table;
}

namespace weir::admin {

// admin = { ... }, or admin = "address".
struct Settings {
  static constexpr std::string_view kShortKey = "address";

  std::optional<config::Address> address = config::Address{"127.0.0.1", 9901, {}};
  std::optional<config::FileMode> socket_mode{};
  std::vector<std::string> hosts = {};
  std::uint32_t max_connections = 64;
  Milliseconds header_timeout{10'000};
  Milliseconds idle_timeout{60'000};

  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace weir::admin
