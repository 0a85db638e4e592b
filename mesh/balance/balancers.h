#pragma once

#include <span>
#include <string_view>

#include "core/upstream/balancer.h"

namespace weir::mesh {

// A balancing algorithm by its name in the configuration.
struct NamedBalancer {
  std::string_view name;
  upstream::BalancerFactory make;
  std::string_view meaning;  // for the reference
};

// All balancers, the default first.
std::span<const NamedBalancer> balancers();

// Null if the name is unknown.
upstream::BalancerFactory findBalancer(std::string_view name);

}  // namespace weir::mesh
