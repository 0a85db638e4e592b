#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/server/discovery_watch.h"
#include "core/upstream/discovery.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::server {

// The running discoveries of the plan's clusters. One that a reload does not change continues.
//
// Thread: the control thread.
class Discoveries final : private DiscoveryWatch::Owner {
 public:
  using OnEndpoints = std::function<void(NameId cluster, upstream::SharedEndpoints endpoints)>;

  // Where the results are counted and kept.
  struct Keeping {
    MetricCells& cells;
    state::Directory* state = nullptr;  // null: not over restarts
  };

  // `on_answer`: called when a source has answered, also by a failure.
  Discoveries(const upstream::DiscoveryTools& tools, const Keeping& keeping,
              OnEndpoints on_endpoints, std::function<void()> on_answer);
  ~Discoveries() override;

  // Starts the discoveries of the plan that are not running, and stops those that it does not
  // contain.
  void follow(const proxy::Plan& plan);
  bool answered() const;  // every source has

  using State = DiscoveryWatch::State;
  // The state of a cluster with a running discovery; null for others.
  const State* state(NameId cluster) const;
  void lookAgain();       // queries every source
  void refreshMetrics();  // ages of stale answers, before a scrape
  // The number of endpoints of a cluster that health checks found unhealthy.
  void setUnhealthy(NameId cluster, std::size_t count);

 private:
  void followLists(const proxy::Plan& plan);
  void showList(NameId cluster, std::size_t size) const;
  std::size_t unhealthy(NameId cluster) const;
  void onEndpoints(NameId cluster, const upstream::SharedEndpoints& endpoints) override {
    on_endpoints_(cluster, endpoints);
  }
  void onAnswer() override { on_answer_(); }

  const upstream::DiscoveryTools tools_;
  const Keeping keeping_;
  const OnEndpoints on_endpoints_;
  const std::function<void()> on_answer_;
  std::map<NameId, std::unique_ptr<DiscoveryWatch>> watches_;
  std::map<NameId, std::size_t> lists_;      // clusters of the plan with static endpoints
  std::map<NameId, std::size_t> unhealthy_;  // endpoints
};

}  // namespace weir::server
