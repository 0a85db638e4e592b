#include "mesh/health/health_checks.h"

#include <algorithm>
#include <map>

#include "mesh/health/upstream_checks.h"

namespace weir::mesh {
namespace {

using health::UpstreamChecks;

// The upstreams with checks share the places for checks in progress by turns.
class Checks final : public upstream::HealthChecks, private UpstreamChecks::Owner {
 public:
  static constexpr std::size_t kMostRunning = 256;

  explicit Checks(const upstream::HealthCheckTools& tools) : tools_(tools) {}

  void follow(const upstream::ClusterPlans& plans) override {
    for (auto at = upstreams_.begin(); at != upstreams_.end();) {
      const auto* plan = plans.find(at->first);
      const bool remains = plan != nullptr && (*plan)->options.health_check.has_value();
      at = remains ? std::next(at) : forget(at);
    }
    for (const auto& plan : plans) {
      if (plan->options.health_check) follow(plan);
    }
  }

  void setEndpoints(NameId cluster, const upstream::SharedEndpoints& endpoints) override {
    const auto found = upstreams_.find(cluster);
    if (found != upstreams_.end()) found->second->setEndpoints(endpoints);
  }

  bool settled() const override {
    return std::all_of(upstreams_.begin(), upstreams_.end(),
                       [](const auto& each) { return each.second->settled(); });
  }

  const upstream::CheckedEndpoint* find(NameId cluster,
                                        const net::Address& endpoint) const override {
    const auto found = upstreams_.find(cluster);
    return found == upstreams_.end() ? nullptr : found->second->find(endpoint);
  }

 private:
  using Upstreams = std::map<NameId, std::unique_ptr<UpstreamChecks>>;

  void follow(const upstream::SharedClusterPlan& plan) {
    auto& checks = upstreams_[plan->id];
    if (checks == nullptr) {
      UpstreamChecks::Owner& owner = *this;
      checks = std::make_unique<UpstreamChecks>(
          UpstreamChecks::Tools{tools_.loop, tools_.connector, tools_.cells, random_, owner}, plan);
    } else {
      checks->configure(plan);
    }
    checks->setEndpoints(plan->discovery->known());
  }

  Upstreams::iterator forget(Upstreams::iterator at) {
    UpstreamChecks& checks = *at->second;
    if (checks.waits()) waiting_.remove(checks);
    running_ -= checks.running();
    const NameId cluster = at->first;
    const auto next = upstreams_.erase(at);
    tools_.events.onHealth(cluster, nullptr, 0);
    return next;
  }

  void onDue(UpstreamChecks& upstream) override {
    if (!upstream.waits() && upstream.wantsPlace()) {
      upstream.setWaits(true);
      waiting_.pushBack(upstream);
    }
    startWaiting();
  }
  void onDone(UpstreamChecks& upstream) override {
    --running_;
    onDue(upstream);
  }
  void onHealth(NameId cluster, const upstream::SharedHealth& health,
                std::size_t unhealthy) override {
    tools_.events.onHealth(cluster, health, unhealthy);
  }
  void onSettled() override {
    if (settled()) tools_.events.onHealthSettled();
  }

  void startWaiting() {
    while (running_ < kMostRunning && !waiting_.empty()) {
      UpstreamChecks& next = *waiting_.front();
      waiting_.remove(next);
      ++running_;
      next.startNext();
      next.setWaits(next.wantsPlace());
      if (next.waits()) waiting_.pushBack(next);
    }
  }

  const upstream::HealthCheckTools tools_;
  Random random_;
  std::size_t running_ = 0;
  LinkedList<UpstreamChecks> waiting_;  // by turns
  Upstreams upstreams_;
};

}  // namespace

std::unique_ptr<upstream::HealthChecks> makeHealthChecks(const upstream::HealthCheckTools& tools) {
  return std::make_unique<Checks>(tools);
}

}  // namespace weir::mesh
