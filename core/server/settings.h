#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/config/role.h"
#include "core/config/units.h"
#include "core/http/target.h"

namespace weir::authz {
struct Rule;
}
namespace weir::config {
class Selected;
class Table;
}  // namespace weir::config
namespace weir::http {
struct Target;
}
namespace weir::proxy {
struct ListenerOptions;
}
namespace weir::route {
struct RouteSettings;
}
namespace weir::upstream {
struct ClusterOptions;
}

// The configuration as written: the part that core reads.
namespace weir::server {

using config::Role;

// [overload]
struct OverloadOptions {
  std::optional<config::Size> max_buffered;
  double refuse_connections = 0.85;
  double reset_streams = 0.95;

  static void read(config::Table& table, OverloadOptions& out);
  // In bytes; `fraction` of the limit.
  std::uint64_t threshold(double fraction) const;
};

// Where a part of the process sends requests of its own; not a setting.
struct OwnCall {
  http::Target target;
  bool needs_http2 = false;
  config::Origin origin = {};
};

// Users of a part include its header, so that a new option of a listener does not recompile others.
struct Settings {
  Settings();
  ~Settings();
  Settings(const Settings&);
  Settings(Settings&&) noexcept;
  Settings& operator=(const Settings&);
  Settings& operator=(Settings&&) noexcept;

  Role role = Role::kGateway;
  std::optional<std::uint32_t> workers;  // empty: one per processor
  std::uint64_t max_connections = 0;     // 0: as many as file descriptors allow
  Milliseconds drain_timeout{60'000};
  std::optional<std::string> state_directory;  // empty: nothing is kept over restarts
  OverloadOptions overload;
  std::vector<std::pair<std::string, config::Selected>> filters;  // [filter.NAME]
  std::vector<proxy::ListenerOptions> listeners;
  std::vector<route::RouteSettings> routes;
  std::vector<std::pair<std::string, upstream::ClusterOptions>> upstreams;
  std::vector<authz::Rule> authorize;
  std::vector<OwnCall> own_calls;  // not a setting: of parts outside of the core

  static void read(config::Table& table, Settings& out);
};

}  // namespace weir::server
