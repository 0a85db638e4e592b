#pragma once

#include <span>
#include <string_view>

#include "core/upstream/balancer.h"

namespace weir::mesh {

// A way to balance, as the configuration names it.
struct NamedBalancer {
  std::string_view name;
  upstream::BalancerFactory make;
  std::string_view meaning;  // for the reference
};

// All of them, the default first.
std::span<const NamedBalancer> balancers();

// Null when there is none of that name.
upstream::BalancerFactory findBalancer(std::string_view name);

}  // namespace weir::mesh
