#include "core/proxy/engine.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/proxy/exchange.h"
#include "core/proxy/mirror.h"

namespace weir::proxy {

Engine::Engine(Tools tools)
    : tools_(tools), exchanges_(sizeof(Exchange)), sweep_(tools_.loop.wheel(), *this) {
  sweep_.arm(kSweep);
}

Engine::~Engine() {
  while (!mirrors_.empty()) mirrors_.back()->abandon();
  WEIR_CHECK(exchanges_.lent() == 0);
}

void Engine::setPlan(std::shared_ptr<const Plan> plan) {
  auto old = std::exchange(current_, std::make_unique<PinnedPlan>(PinnedPlan{std::move(plan)}));
  retireClusters(*current_->plan);
  if (old != nullptr && old->users > 0) retired_.push_back(std::move(old));
}

// Clusters in use adopt the new plan; those that it does not contain finish their work.
void Engine::retireClusters(const Plan& plan) {
  for (auto& cluster : clusters_) {
    if (cluster == nullptr) continue;
    if (const auto* now = plan.cluster(cluster->plan().id)) {
      if (now->get() != &cluster->plan()) cluster->configure(*now);
      if ((*now)->discovery->known() != nullptr) cluster->setEndpoints((*now)->discovery->known());
    } else {
      cluster->closeIdle();
      leaving_.push_back(std::move(cluster));
    }
  }
}

void Engine::setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints) {
  if (cluster < clusters_.size() && clusters_[cluster] != nullptr) {
    clusters_[cluster]->setEndpoints(endpoints);
  }
  endpoints_[cluster] = std::move(endpoints);
}

PinnedPlan& Engine::pin() {
  ++current_->users;
  return *current_;
}

void Engine::unpin(PinnedPlan& pinned) {
  if (--pinned.users > 0 || &pinned == current_.get()) return;
  const auto at = std::find_if(retired_.begin(), retired_.end(),
                               [&](const auto& each) { return each.get() == &pinned; });
  retired_.erase(at);
}

upstream::Cluster* Engine::cluster(NameId id, const Plan& plan) {
  if (id < clusters_.size() && clusters_[id] != nullptr) return clusters_[id].get();
  const auto* found = plan.cluster(id);
  if (found == nullptr) return nullptr;
  if (id >= clusters_.size()) clusters_.resize(id + 1);
  const upstream::Cluster::Tools tools{tools_.loop, tools_.connector, random_, tools_.metrics};
  clusters_[id] = std::make_unique<upstream::Cluster>(tools, *found);
  upstream::SharedEndpoints endpoints = (*found)->discovery->known();
  if (endpoints == nullptr) {
    const auto heard = endpoints_.find(id);
    if (heard != endpoints_.end()) endpoints = heard->second;
  }
  if (endpoints != nullptr) clusters_[id]->setEndpoints(std::move(endpoints));
  return clusters_[id].get();
}

void Engine::forEachCluster(const std::function<void(upstream::Cluster&)>& visit) {
  for (auto& cluster : clusters_) {
    if (cluster != nullptr) visit(*cluster);
  }
}

Mirror* Engine::startMirror(NameId id, NameId route, const Plan& plan,
                            const http::Request& request) {
  upstream::Cluster* target = cluster(id, plan);
  if (target == nullptr) {
    tools_.metrics.counter(mirrorRequestsKey(id, route, MirrorOutcome::kFailed, 0)).add();
    return nullptr;
  }
  mirrors_.push_back(std::make_unique<Mirror>(*this, *target, route, request));
  Mirror* mirror = mirrors_.back().get();
  mirror->start();
  return request.body == http::BodyKind::kNone ? nullptr : mirror;
}

void Engine::endMirror(Mirror& mirror) {
  const auto at = std::find_if(mirrors_.begin(), mirrors_.end(),
                               [&](const auto& each) { return each.get() == &mirror; });
  tools_.loop.destroyLater(std::move(*at));
  mirrors_.erase(at);
}

void Engine::onSweep() {
  std::erase_if(leaving_, [](const auto& cluster) { return cluster->quiet(); });
  if (tools_.access_log != nullptr) tools_.access_log->flush();
  // Memory of a peak is released, a part each time.
  exchanges_.trim(64);
  tools_.loop.chunks().trim(64);
  tools_.loop.scratch().trim(256);
  sweep_.arm(kSweep);
}

}  // namespace weir::proxy
