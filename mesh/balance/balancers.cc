#include "mesh/balance/balancers.h"

#include "mesh/balance/first.h"
#include "mesh/balance/least_request.h"
#include "mesh/balance/maglev.h"
#include "mesh/balance/peak_ewma.h"
#include "mesh/balance/random.h"
#include "mesh/balance/ring_hash.h"
#include "mesh/balance/round_robin.h"

namespace weir::mesh {

void addBalancers(server::Registry& registry) {
  registry.addBalancer<PeakEwmaBalancer>(
      "peak_ewma", "The endpoint with the lower expected latency of two chosen at random.");
  registry.addBalancer<LeastRequestBalancer>(
      "least_request", "The endpoint with fewer requests in flight of two chosen at random.");
  registry.addBalancer<RoundRobinBalancer>("round_robin", "Each endpoint in turn, by weight.");
  registry.addBalancer<RandomBalancer>("random", "A random endpoint, by weight.");
  registry.addBalancer<FirstBalancer>(
      "first", "The first endpoint that has not reached its limit, in the order of discovery.");
  registry.addBalancer<MaglevBalancer>(
      "maglev", "Always the same endpoint for requests with the same key (`hash_on` of a route).");
  registry.addBalancer<RingHashBalancer>(
      "ring_hash",
      "Always the same endpoint for requests with the same key (`hash_on` of a route), by ketama.");
}

}  // namespace weir::mesh
