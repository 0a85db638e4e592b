#include "mesh/discovery/discoveries.h"

#include "mesh/discovery/dns.h"
#include "mesh/discovery/srv.h"
#include "mesh/discovery/static_list.h"

namespace weir::mesh {

void addDiscoveries(server::Registry& registry) {
  registry.addDiscovery<StaticListSettings>("static", "Addresses that are given here.",
                                            makeStaticList);
  registry.addDiscovery<DnsSettings>("dns", "Every address of a name, by A and AAAA records.",
                                     makeDns);
  registry.addDiscovery<SrvSettings>("srv", "Hosts, ports and weights by SRV records.", makeSrv);
}

}  // namespace weir::mesh
