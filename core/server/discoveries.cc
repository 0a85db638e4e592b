#include "core/server/discoveries.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/proxy/plan.h"
#include "core/upstream/metrics.h"

namespace weir::server {
namespace {

std::int64_t sizeOf(const upstream::SharedEndpoints& endpoints) {
  return endpoints == nullptr ? 0 : static_cast<std::int64_t>(endpoints->endpoints.size());
}

}  // namespace

// One cluster's discovery and its latest result.
class Discoveries::Watch final : private upstream::DiscoveryEvents {
 public:
  Watch(Discoveries& owner, const upstream::ClusterPlan& cluster)
      : owner_(owner),
        cluster_(cluster.id),
        name_(cluster.name),
        kind_(cluster.discovery_kind),
        source_(cluster.discovery) {}
  ~Watch() override { showEndpoints(0, 0); }

  void start() {
    discovery_ = source_->make(owner_.tools_);
    discovery_->start(*this);
  }
  void lookAgain() { discovery_->lookAgain(); }
  const upstream::DiscoverySource& source() const { return *source_; }
  const State& state() const { return state_; }
  bool answered() const { return answered_; }
  NameId cluster() const { return cluster_; }

  void showStaleness() {
    const auto age = state_.stale ? monotonicNow() - stale_since_ : Nanoseconds(0);
    owner_.cells_.gauge(upstream::discoveryStaleKey(cluster_)).set(age.count());
  }

 private:
  void onEndpoints(upstream::SharedEndpoints endpoints) override {
    const bool changed =
        state_.endpoints == nullptr || state_.endpoints->endpoints != endpoints->endpoints;
    using enum upstream::DiscoveryResult;
    count(changed ? kChanged : kUnchanged);
    state_.failure.clear();
    state_.stale = false;
    answered_ = true;
    if (changed) {
      logEndpoints(*endpoints);
      state_.endpoints = std::move(endpoints);
      owner_.on_endpoints_(cluster_, state_.endpoints);
    }
    showEndpoints(sizeOf(state_.endpoints), 0);
    owner_.on_answer_();
  }

  void onDiscoveryFailed(std::string_view what) override {
    count(upstream::DiscoveryResult::kFailed);
    if (state_.failure != what) {
      log::warning("upstream " + std::string(name_) + ": " + std::string(what));
    }
    state_.failure = what;
    if (!std::exchange(state_.stale, true)) stale_since_ = monotonicNow();
    answered_ = true;
    showEndpoints(0, sizeOf(state_.endpoints));
    owner_.on_answer_();
  }

  void logEndpoints(const upstream::EndpointSet& found) const {
    if (!log::writes(log::Level::kDebug)) return;
    std::string text = "upstream " + std::string(name_) + ": endpoints:";
    for (const upstream::Endpoint& each : found.endpoints) text += " " + each.address.text();
    log::debug(text);
  }

  void count(upstream::DiscoveryResult result) {
    owner_.cells_.counter(upstream::discoveryUpdatesKey(cluster_, kind_, result)).add();
  }

  void showEndpoints(std::int64_t healthy, std::int64_t stale) {
    owner_.cells_.gauge(upstream::upstreamEndpointsKey(cluster_, upstream::EndpointState::kHealthy))
        .set(healthy);
    owner_.cells_.gauge(upstream::upstreamEndpointsKey(cluster_, upstream::EndpointState::kStale))
        .set(stale);
  }

  Discoveries& owner_;
  const NameId cluster_;
  const std::string_view name_;
  const NameId kind_;
  const std::shared_ptr<const upstream::DiscoverySource> source_;
  std::unique_ptr<upstream::Discovery> discovery_;
  State state_;
  Nanoseconds stale_since_{0};
  bool answered_ = false;
};

Discoveries::Discoveries(const upstream::DiscoveryTools& tools, MetricCells& cells,
                         OnEndpoints on_endpoints, std::function<void()> on_answer)
    : tools_(tools),
      cells_(cells),
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
    cells_.gauge(upstream::upstreamEndpointsKey(list, upstream::EndpointState::kHealthy)).set(0);
  }
  for (const auto& cluster : plan.clusters) {
    const auto known = cluster->discovery->known();
    if (known != nullptr) {
      cells_.gauge(upstream::upstreamEndpointsKey(cluster->id, upstream::EndpointState::kHealthy))
          .set(sizeOf(known));
      lists_.push_back(cluster->id);
      continue;
    }
    auto& watch = watches_[cluster->id];
    if (watch != nullptr) continue;
    watch = std::make_unique<Watch>(*this, *cluster);
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
