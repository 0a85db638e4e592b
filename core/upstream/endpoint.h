#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/net/address.h"

namespace weir::upstream {

// One address of a cluster, as discovery reports it.
struct Endpoint {
  static constexpr std::uint32_t kMostWeight = 1'000'000;
  static constexpr std::uint32_t kMostPriority = 15;

  net::Address address;
  std::uint32_t weight = 1;  // 0: no traffic
  std::string zone;
  // It is about to leave: no new traffic while another endpoint is there.
  bool draining = false;
  std::vector<std::pair<std::string, std::string>> metadata = {};  // by name
  // Endpoints with a higher number get traffic once too few of those with a lower one are usable.
  std::uint32_t priority = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// The result of discovery for a cluster at one time. Immutable: shared by workers.
struct EndpointSet {
  std::vector<Endpoint> endpoints;  // no address twice
};

using SharedEndpoints = std::shared_ptr<const EndpointSet>;

struct AddressHash {
  std::size_t operator()(const net::Address& address) const {
    if (address.isUnix()) return std::hash<std::string>()(address.path());
    const auto& bytes = address.ip().bytes();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return std::hash<std::string_view>()(text) * 31 + address.port();
  }
};

// The result of active health checks.
enum class Health : std::uint8_t {
  kUnknown,  // not checked, or not yet: the endpoint is used
  kHealthy,
  kUnhealthy,
};

// The latest results of the health checks of a cluster. An address that is missing is kUnknown.
// Immutable: made by the control thread, shared by workers.
using HealthReport = std::unordered_map<net::Address, Health, AddressHash>;
using SharedHealth = std::shared_ptr<const HealthReport>;

}  // namespace weir::upstream
