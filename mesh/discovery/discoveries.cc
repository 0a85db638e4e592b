#include "mesh/discovery/discoveries.h"

#include "mesh/discovery/consul.h"
#include "mesh/discovery/dns.h"
#include "mesh/discovery/etcd.h"
#include "mesh/discovery/file.h"
#include "mesh/discovery/kubernetes.h"
#include "mesh/discovery/original.h"
#include "mesh/discovery/srv.h"
#include "mesh/discovery/static_list.h"

namespace weir::mesh {

void addDiscoveries(server::Registry& registry) {
  registry.addDiscovery<StaticListSettings>("static", "Fixed list of addresses.", makeStaticList);
  registry.addDiscovery<DnsSettings>(
      "dns", "All addresses of a DNS name, from its A and AAAA records.", makeDns);
  registry.addDiscovery<SrvSettings>("srv", "Hosts, ports and weights from DNS SRV records.",
                                     makeSrv);
  registry.addDiscovery<FileSettings>(
      "file", "Endpoints in a file, which is read again when it changes.", makeFile);
  registry.addDiscovery<EtcdSettings>("etcd", "Keys of etcd, each with one endpoint.", makeEtcd);
  registry.addDiscovery<ConsulSettings>("consul", "Healthy instances of a service in Consul.",
                                        makeConsul);
  registry.addDiscovery<KubernetesSettings>(
      "kubernetes", "EndpointSlices of a service in Kubernetes.", makeKubernetes);
  registry.addDiscovery<OriginalSettings>(
      "original", "The original destination of each connection of a transparent listener.",
      makeOriginal);
}

}  // namespace weir::mesh
