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

// How exactly the instances share the limits.
enum class Accuracy : std::uint8_t { kExact, kFast };

// `sentinel` of `redis`.
struct SentinelSettings {
  static constexpr std::string_view kShortKey = "primary";

  std::string primary;
  std::optional<std::string> user;
  config::Secret password;

  bool operator==(const SentinelSettings&) const = default;
  static void read(config::Table& table, SentinelSettings& out);
};

// The servers that all instances share, and how they are used.
struct FleetServer {
  std::string upstream;
  std::optional<SentinelSettings> sentinel;
  bool cluster = false;
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
  Accuracy accuracy = Accuracy::kExact;
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
