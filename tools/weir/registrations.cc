#include "gateway/filters.h"
#include "mesh/balance/balancers.h"
#include "mesh/discovery/discoveries.h"
#include "mesh/identity/issue_certificates.h"
#include "mesh/resilience/guards.h"
#include "tools/weir/configuration.h"

namespace weir {

void registerAll(server::Registry& registry) {
  gateway::addFilters(registry.filters());
  registry.filters().add<mesh::IssueCertificates>(
      "issue_certificates",
      "Filter that answers signing requests of workloads by certificates with the SPIFFE ID of "
      "their present one.");
  mesh::addBalancers(registry);
  mesh::addGuards(registry);
  mesh::addDiscoveries(registry);
}

}  // namespace weir
