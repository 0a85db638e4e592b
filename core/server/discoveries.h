#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/upstream/discovery.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::server {

// The running discoveries of the plan's clusters. One that a reload does not change continues.
//
// Thread: the control thread.
class Discoveries {
 public:
  using OnEndpoints = std::function<void(NameId cluster, upstream::SharedEndpoints endpoints)>;

  Discoveries(const upstream::DiscoveryTools& tools, MetricCells& cells, OnEndpoints on_endpoints);
  ~Discoveries();

  // Starts the discoveries of the plan that are not running, and stops those that it does not
  // contain. Calls `on_warm` once, perhaps immediately, when every source has answered or after
  // `patience`.
  void follow(const proxy::Plan& plan, Milliseconds patience, std::function<void()> on_warm);

  struct State {
    upstream::SharedEndpoints endpoints;  // null: no answer yet
    bool stale = false;
    std::string failure;  // of the latest query; empty if it was answered
  };
  // The state of a cluster with a running discovery; null for others.
  const State* state(NameId cluster) const;
  void lookAgain();       // queries every source
  void refreshMetrics();  // ages of stale answers, before a scrape

 private:
  class Watch;
  void onPatienceOver();
  void tellWarm();

  const upstream::DiscoveryTools tools_;
  MetricCells& cells_;
  const OnEndpoints on_endpoints_;
  std::map<NameId, std::unique_ptr<Watch>> watches_;
  std::vector<NameId> lists_;  // clusters of the plan with static endpoints
  std::function<void()> on_warm_;
  event::Alarm<Discoveries, &Discoveries::onPatienceOver> patience_;
};

}  // namespace weir::server
