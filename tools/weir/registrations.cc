#include "gateway/filters.h"
#include "mesh/balance/balancers.h"
#include "mesh/discovery/discoveries.h"
#include "mesh/resilience/guards.h"
#include "tools/weir/configuration.h"

namespace weir {

void registerAll(server::Registry& registry) {
  gateway::addFilters(registry.filters());
  mesh::addBalancers(registry);
  mesh::addGuards(registry);
  mesh::addDiscoveries(registry);
}

}  // namespace weir
