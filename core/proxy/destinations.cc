#include "core/proxy/destinations.h"

namespace weir::proxy {
namespace {

// Makes room in a table: what is forgotten is found again.
template <typename Table>
void limit(Table& table) {
  if (table.size() >= Destinations::kMostKnown) table.erase(table.begin());
}

}  // namespace

// The cluster, if discovery reports an endpoint of it at this address.
const upstream::ClusterPlan* Destinations::listing(const net::Address& destination, NameId cluster,
                                                   const Plan& plan) {
  const auto* const found = plan.clusters.find(cluster);
  if (found == nullptr || (*found)->discovery->original() != nullptr) return nullptr;
  const upstream::Cluster* const used = clusters_.get(cluster, plan.clusters);
  const upstream::Member* const member = used == nullptr ? nullptr : used->find(destination);
  return member != nullptr && member->listed ? found->get() : nullptr;
}

Interception Destinations::resolve(const net::Address& destination, OriginalUse use,
                                   const Plan& plan) {
  Interception found;
  found.destination = destination;
  found.text = destination.text();
  found.use = use;
  if (use == OriginalUse::kRoutes) return found;
  const Owner owner = ownerOf(destination, plan);
  if (owner.cluster == nullptr) return found;
  found.upstream = owner.cluster->id;
  found.host = owner.cluster->name;
  found.resolution = owner.resolution;
  return found;
}

Destinations::Owner Destinations::ownerOf(const net::Address& destination, const Plan& plan) {
  const auto before = owners_.find(destination);
  if (before != owners_.end()) {
    if (const auto* owner = listing(destination, before->second, plan)) {
      return {owner, Resolution::kEndpoint};
    }
    owners_.erase(before);
  }
  for (const auto& each : plan.clusters) {
    const auto* const owner = listing(destination, each->id, plan);
    if (owner == nullptr) continue;
    limit(owners_);
    owners_.emplace(destination, owner->id);
    return {owner, Resolution::kEndpoint};
  }
  const NameId virtual_owner = plan.virtual_addresses.ownerOf(destination);
  const auto* const cluster = virtual_owner == 0 ? nullptr : plan.cluster(virtual_owner);
  if (cluster == nullptr) return {};
  return {cluster->get(), Resolution::kVip};
}

Destinations::Protocol Destinations::protocolOf(const net::Address& destination,
                                                Milliseconds now) const {
  const auto found = known_.find(destination);
  if (found == known_.end() || found->second.until <= now) return Protocol::kUnknown;
  return found->second.protocol;
}

void Destinations::learn(const net::Address& destination, Protocol protocol, Milliseconds now) {
  const auto found = known_.find(destination);
  const Known known{protocol, now + kKnownFor};
  if (found != known_.end()) {
    found->second = known;
    return;
  }
  limit(known_);
  known_.emplace(destination, known);
}

}  // namespace weir::proxy
