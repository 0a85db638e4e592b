#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
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

  // `on_answer`: called when a source has answered, also by a failure.
  Discoveries(const upstream::DiscoveryTools& tools, MetricCells& cells, OnEndpoints on_endpoints,
              std::function<void()> on_answer);
  ~Discoveries();

  // Starts the discoveries of the plan that are not running, and stops those that it does not
  // contain.
  void follow(const proxy::Plan& plan);
  bool answered() const;  // every source has

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

  const upstream::DiscoveryTools tools_;
  MetricCells& cells_;
  const OnEndpoints on_endpoints_;
  const std::function<void()> on_answer_;
  std::map<NameId, std::unique_ptr<Watch>> watches_;
  std::vector<NameId> lists_;  // clusters of the plan with static endpoints
};

}  // namespace weir::server
