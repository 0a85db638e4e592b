#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/net/address.h"

namespace weir::upstream {

// One address of a cluster, as discovery reports it.
struct Endpoint {
  static constexpr std::uint32_t kMostWeight = 1'000'000;

  net::Address address;
  std::uint32_t weight = 1;  // 0: no traffic
  std::string zone;
  // It is about to leave: no new traffic while another endpoint is there.
  bool draining = false;
  std::vector<std::pair<std::string, std::string>> metadata = {};  // by name

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// The result of discovery for a cluster at one time. Immutable: shared by workers.
struct EndpointSet {
  std::vector<Endpoint> endpoints;  // no address twice
};

using SharedEndpoints = std::shared_ptr<const EndpointSet>;

}  // namespace weir::upstream
