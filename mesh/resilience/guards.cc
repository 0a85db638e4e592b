#include "mesh/resilience/guards.h"

#include "mesh/resilience/breaker.h"

namespace weir::mesh {

void addGuards(server::Registry& registry) {
  registry.addGuard<Breaker>(
      "breaker", "Takes an endpoint out of use for a while after consecutive failures.");
}

}  // namespace weir::mesh
