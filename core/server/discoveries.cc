#include "core/server/discoveries.h"

#include <algorithm>
#include <utility>

#include "core/proxy/plan.h"
#include "core/upstream/metrics.h"

namespace weir::server {
namespace {

std::int64_t sizeOf(const upstream::SharedEndpoints& endpoints) {
  return endpoints == nullptr ? 0 : static_cast<std::int64_t>(endpoints->endpoints.size());
}

}  // namespace

Discoveries::Discoveries(const upstream::DiscoveryTools& tools, const Keeping& keeping,
                         OnEndpoints on_endpoints, std::function<void()> on_answer)
    : tools_(tools),
      keeping_(keeping),
      on_endpoints_(std::move(on_endpoints)),
      on_answer_(std::move(on_answer)) {}

Discoveries::~Discoveries() = default;

void Discoveries::follow(const proxy::Plan& plan) {
  std::erase_if(watches_, [&](const auto& each) {
    const auto* cluster = plan.cluster(each.first);
    return cluster == nullptr ||
           (*cluster)->discovery->identity() != each.second->source().identity();
  });
  for (const NameId list : std::exchange(lists_, {})) {
    keeping_.cells.gauge(upstream::upstreamEndpointsKey(list, upstream::EndpointState::kHealthy))
        .set(0);
  }
  for (const auto& cluster : plan.clusters) {
    const auto known = cluster->discovery->known();
    if (known != nullptr) {
      keeping_.cells
          .gauge(upstream::upstreamEndpointsKey(cluster->id, upstream::EndpointState::kHealthy))
          .set(sizeOf(known));
      lists_.push_back(cluster->id);
      continue;
    }
    auto& watch = watches_[cluster->id];
    if (watch != nullptr) {
      watch->configure(cluster);
      continue;
    }
    DiscoveryWatch::Owner& owner = *this;
    watch = std::make_unique<DiscoveryWatch>(
        DiscoveryWatch::Tools{tools_, keeping_.cells, keeping_.state, owner}, cluster);
    watch->start();
  }
}

bool Discoveries::answered() const {
  return std::all_of(watches_.begin(), watches_.end(), [](const auto& each) {
    return each.second != nullptr && each.second->answered();
  });
}

const Discoveries::State* Discoveries::state(NameId cluster) const {
  const auto found = watches_.find(cluster);
  return found == watches_.end() ? nullptr : &found->second->state();
}

void Discoveries::lookAgain() {
  for (const auto& [id, watch] : watches_) watch->lookAgain();
}

void Discoveries::refreshMetrics() {
  for (const auto& [id, watch] : watches_) watch->showStaleness();
}

}  // namespace weir::server
