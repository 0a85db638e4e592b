#include "mesh/balance/balancers.h"

#include "mesh/balance/least_request.h"
#include "mesh/balance/random.h"
#include "mesh/balance/round_robin.h"

namespace weir::mesh {

void addBalancers(server::Registry& registry) {
  registry.addBalancer<LeastRequestBalancer>(
      "least_request", "The endpoint with fewer requests in flight of two chosen at random.");
  registry.addBalancer<RoundRobinBalancer>("round_robin", "Each endpoint in turn, by weight.");
  registry.addBalancer<RandomBalancer>("random", "A random endpoint, by weight.");
}

}  // namespace weir::mesh
