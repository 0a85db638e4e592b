#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/config/secret.h"
#include "core/config/units.h"
#include "core/tls/server_options.h"

namespace weir::config {
class Table;
}

namespace weir::admin {

// [admin.view], [admin.operate]: the clients that have a role.
struct AccessRule {
  static constexpr std::size_t kLeastToken = 16;

  std::vector<std::string> users = {};
  std::vector<config::Secret> tokens = {};
  std::vector<std::string> identities = {};

  static void read(config::Table& table, AccessRule& out);
  friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

// admin = { ... }, or admin = "address".
struct Settings {
  static constexpr std::string_view kShortKey = "address";

  std::optional<config::Address> address = config::Address{"127.0.0.1", 9901, {}};
  std::optional<config::FileMode> socket_mode{};
  std::vector<std::string> hosts = {};
  std::uint32_t max_connections = 64;
  Milliseconds header_timeout{10'000};
  Milliseconds idle_timeout{60'000};
  std::optional<AccessRule> view = {};     // nullopt: every client
  std::optional<AccessRule> operate = {};  // nullopt: weir's user and root on this machine
  std::optional<tls::ServerOptions> tls = {};

  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace weir::admin
