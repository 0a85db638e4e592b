#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/keyed_hash.h"
#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/references.h"

namespace weir::gateway {

// What is done with a request while the server is away.
enum class OnError : std::uint8_t { kLocal, kAllow, kDeny };

// The server that all instances share, and how it is used.
struct FleetServer {
  std::string upstream;
  std::optional<std::string> user;
  config::Secret password;
  std::string prefix = "weir";
  Milliseconds timeout{50};
  NameId upstream_id = 0;  // follows from the settings

  bool operator==(const FleetServer&) const = default;
};

// `redis` of the filter rate_limit.
struct FleetSettings {
  static constexpr std::string_view kShortKey = "upstream";

  FleetServer server;
  config::Secret key_secret;
  OnError on_error = OnError::kLocal;
  std::uint32_t nodes = 1;
  config::Origin origin;

  bool operator==(const FleetSettings&) const = default;
  static void read(config::Table& table, FleetSettings& out);
  void check(filter::References& references, config::Diagnostics& diagnostics);
  // The same in all instances with the same secret.
  KeyedHash hash() const;
};

}  // namespace weir::gateway
