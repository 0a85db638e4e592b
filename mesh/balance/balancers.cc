#include "mesh/balance/balancers.h"

#include <array>

#include "mesh/balance/least_request.h"
#include "mesh/balance/random.h"
#include "mesh/balance/round_robin.h"

namespace weir::mesh {
namespace {

template <typename T>
std::unique_ptr<upstream::Balancer> make(Random& random) {
  return std::make_unique<T>(random);
}

constexpr std::array kBalancers = {
    NamedBalancer{"least_request", make<LeastRequestBalancer>,
                  "Of two endpoints at random, the one with fewer requests in flight."},
    NamedBalancer{"round_robin", make<RoundRobinBalancer>, "Each endpoint in its turn, by weight."},
    NamedBalancer{"random", make<RandomBalancer>, "Any endpoint, by weight."},
};

}  // namespace

std::span<const NamedBalancer> balancers() { return kBalancers; }

upstream::BalancerFactory findBalancer(std::string_view name) {
  for (const NamedBalancer& balancer : kBalancers) {
    if (balancer.name == name) return balancer.make;
  }
  return nullptr;
}

}  // namespace weir::mesh
