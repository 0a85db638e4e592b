#include "mesh/discovery/discoveries.h"

#include "mesh/discovery/static_list.h"

namespace weir::mesh {

void addDiscoveries(server::Registry& registry) {
  registry.addDiscovery<StaticListSettings>("static", "Addresses that are given here.",
                                            makeStaticList);
}

}  // namespace weir::mesh
