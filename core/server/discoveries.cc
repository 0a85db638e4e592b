#include "core/server/discoveries.h"

#include <algorithm>
#include <utility>

#include "core/proxy/plan.h"
#include "core/upstream/metrics.h"

namespace weir::server {
namespace {

using upstream::EndpointState;

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
  followLists(plan);
  for (const auto& cluster : plan.clusters) {
    if (lists_.contains(cluster->id)) continue;
    auto& watch = watches_[cluster->id];
    if (watch != nullptr) {
      watch->configure(cluster);
      continue;
    }
    DiscoveryWatch::Owner& owner = *this;
    watch = std::make_unique<DiscoveryWatch>(
        DiscoveryWatch::Tools{tools_, keeping_.cells, keeping_.state, owner}, cluster);
    watch->setUnhealthy(unhealthy(cluster->id));
    watch->start();
  }
}

void Discoveries::followLists(const proxy::Plan& plan) {
  for (const auto& [id, size] : std::exchange(lists_, {})) {
    keeping_.cells.gauge(upstream::upstreamEndpointsKey(id, EndpointState::kHealthy)).set(0);
  }
  for (const auto& cluster : plan.clusters) {
    const upstream::SharedEndpoints known = cluster->discovery->known();
    if (known == nullptr) continue;
    lists_[cluster->id] = known->endpoints.size();
    showList(cluster->id, known->endpoints.size());
  }
}

void Discoveries::showList(NameId cluster, std::size_t size) const {
  const std::size_t bad = std::min(unhealthy(cluster), size);
  const auto set = [&](EndpointState state, std::size_t count) {
    keeping_.cells.gauge(upstream::upstreamEndpointsKey(cluster, state))
        .set(static_cast<std::int64_t>(count));
  };
  set(EndpointState::kHealthy, size - bad);
  if (unhealthy_.contains(cluster)) set(EndpointState::kUnhealthy, bad);
}

std::size_t Discoveries::unhealthy(NameId cluster) const {
  const auto found = unhealthy_.find(cluster);
  return found == unhealthy_.end() ? 0 : found->second;
}

void Discoveries::setUnhealthy(NameId cluster, std::size_t count) {
  unhealthy_[cluster] = count;
  const auto list = lists_.find(cluster);
  if (list != lists_.end()) return showList(cluster, list->second);
  const auto watch = watches_.find(cluster);
  if (watch != watches_.end()) watch->second->setUnhealthy(count);
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
