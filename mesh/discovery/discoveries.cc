#include "mesh/discovery/discoveries.h"

#include "mesh/discovery/dns.h"
#include "mesh/discovery/srv.h"
#include "mesh/discovery/static_list.h"

namespace weir::mesh {

void addDiscoveries(server::Registry& registry) {
  registry.addDiscovery<StaticListSettings>("static", "Fixed list of addresses.", makeStaticList);
  registry.addDiscovery<DnsSettings>(
      "dns", "All addresses of a DNS name, from its A and AAAA records.", makeDns);
  registry.addDiscovery<SrvSettings>("srv", "Hosts, ports and weights from DNS SRV records.",
                                     makeSrv);
}

}  // namespace weir::mesh
