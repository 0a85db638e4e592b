#include "core/upstream/cluster_set.h"

#include <iterator>
#include <utility>

namespace weir::upstream {

ClusterSet::ClusterSet(const Cluster::Tools& tools)
    : tools_(tools), sweep_(tools.loop.wheel(), *this) {}

Cluster* ClusterSet::get(NameId id, const ClusterPlans& plans) {
  if (id < clusters_.size() && clusters_[id] != nullptr) return clusters_[id].get();
  const auto* plan = plans.find(id);
  if (plan == nullptr) return nullptr;
  if (id >= clusters_.size()) clusters_.resize(id + 1);
  clusters_[id] = make(*plan);
  return clusters_[id].get();
}

std::unique_ptr<Cluster> ClusterSet::make(const SharedClusterPlan& plan) {
  auto cluster = std::make_unique<Cluster>(tools_, plan);
  SharedEndpoints endpoints = plan->discovery->known();
  const auto heard = found_.find(plan->id);
  if (heard != found_.end()) {
    cluster->setHealth(heard->second.health);
    if (endpoints == nullptr) endpoints = heard->second.endpoints;
  }
  if (endpoints != nullptr) cluster->setEndpoints(std::move(endpoints));
  return cluster;
}

void ClusterSet::follow(const ClusterPlans& plans) {
  for (auto& cluster : clusters_) {
    if (cluster == nullptr) continue;
    if (const auto* now = plans.find(cluster->plan().id)) {
      if (now->get() != &cluster->plan()) cluster->configure(*now);
      if ((*now)->discovery->known() != nullptr) cluster->setEndpoints((*now)->discovery->known());
    } else {
      cluster->closeIdle();
      leaving_.push_back(std::move(cluster));
      if (!sweep_.armed()) sweep_.arm(kSweep);
    }
  }
  forgetFound(plans);
}

// Exchanges that began with the plan before may still need a cluster: it is forgotten by the second
// plan that does not contain it.
void ClusterSet::forgetFound(const ClusterPlans& plans) {
  for (auto each = found_.begin(); each != found_.end();) {
    Found& found = each->second;
    const bool was_listed = std::exchange(found.listed, plans.find(each->first) != nullptr);
    each = was_listed || found.listed ? std::next(each) : found_.erase(each);
  }
}

void ClusterSet::setEndpoints(NameId id, SharedEndpoints endpoints) {
  if (id < clusters_.size() && clusters_[id] != nullptr) clusters_[id]->setEndpoints(endpoints);
  Found& found = found_[id];
  found.endpoints = std::move(endpoints);
  found.listed = true;
}

void ClusterSet::setHealth(NameId id, SharedHealth health) {
  if (id < clusters_.size() && clusters_[id] != nullptr) clusters_[id]->setHealth(health);
  Found& found = found_[id];
  found.health = std::move(health);
  found.listed = true;
}

void ClusterSet::forEach(const std::function<void(Cluster&)>& visit) {
  for (auto& cluster : clusters_) {
    if (cluster != nullptr) visit(*cluster);
  }
}

void ClusterSet::onSweep() {
  std::erase_if(leaving_, [](const auto& cluster) { return cluster->quiet(); });
  if (!leaving_.empty()) sweep_.arm(kSweep);
}

}  // namespace weir::upstream
