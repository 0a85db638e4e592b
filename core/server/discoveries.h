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

// The running discoveries of the plan's clusters. One that a reload leaves as it was goes on.
//
// Thread: the control thread.
class Discoveries {
 public:
  using OnEndpoints = std::function<void(NameId cluster, upstream::SharedEndpoints endpoints)>;

  Discoveries(const upstream::DiscoveryTools& tools, MetricCells& cells, OnEndpoints on_endpoints);
  ~Discoveries();

  // Starts what the plan has and is not running, stops what it no longer has. Calls `on_warm` once,
  // perhaps at once, when every source has answered or `patience` is over.
  void follow(const proxy::Plan& plan, Milliseconds patience, std::function<void()> on_warm);

  struct State {
    std::string_view kind;
    upstream::SharedEndpoints endpoints;  // null: no answer yet
    bool stale = false;
    std::string failure;  // of the latest question; empty when it was answered
  };
  // Of a cluster whose endpoints are looked for; null for others.
  const State* state(NameId cluster) const;
  void lookAgain();       // asks every source anew
  void refreshMetrics();  // ages of stale answers, before a scrape

 private:
  class Watch;
  void onPatienceOver();
  void tellWarm();

  const upstream::DiscoveryTools tools_;
  MetricCells& cells_;
  const OnEndpoints on_endpoints_;
  std::map<NameId, std::unique_ptr<Watch>> watches_;
  std::vector<NameId> lists_;  // the clusters of the plan that need no watch
  std::function<void()> on_warm_;
  event::Alarm<Discoveries, &Discoveries::onPatienceOver> patience_;
};

}  // namespace weir::server
