#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/arena.h"
#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/event/shared_count.h"
#include "core/http/date.h"
#include "core/http/record.h"
#include "core/net/connector.h"
#include "core/proxy/plan.h"
#include "core/upstream/cluster.h"

namespace weir::proxy {

class Mirror;

// A plan while a worker uses it: the current one, or an old one until its last exchange ended.
struct PinnedPlan {
  std::shared_ptr<const Plan> plan;
  std::uint64_t users = 0;
};

// What all exchanges of one worker share: the plan, the clusters, memory and meters.
//
// Thread: the worker.
class Engine {
 public:
  struct Tools {
    event::Loop& loop;
    net::Connector& connector;
    MetricCells& metrics;
    http::AccessLog* access_log = nullptr;  // null: none
  };
  explicit Engine(Tools tools);
  ~Engine();  // when no exchange is left
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Whoever made the plan keeps it until all workers have let go: a large one takes too long to
  // destroy here.
  void setPlan(std::shared_ptr<const Plan> plan);
  void setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints);
  void setAccessLog(http::AccessLog* log) { tools_.access_log = log; }

  // Each pin() needs its unpin().
  PinnedPlan& pin();
  void unpin(PinnedPlan& pinned);
  bool hasPlan() const { return current_ != nullptr; }
  std::size_t plansInUse() const { return retired_.size() + 1; }

  // This worker's side of a cluster of the plan, made when it is first asked for; null when the
  // plan has none of that id.
  upstream::Cluster* cluster(NameId id, const Plan& plan);
  // Visits the clusters that have been used.
  void forEachCluster(const std::function<void(upstream::Cluster&)>& visit);

  // Sends a copy of `request` to another cluster; null when that cannot even be tried, or when the
  // request has no body that the mirror would have to be fed with.
  Mirror* startMirror(NameId cluster, NameId route, const Plan& plan, const http::Request& request);
  void endMirror(Mirror& mirror);

  event::Loop& loop() { return tools_.loop; }
  MetricCells& metrics() { return tools_.metrics; }
  Random& random() { return random_; }
  std::string_view date() { return date_.at(wallClockNow()); }  // for Date; until the next call
  http::AccessLog* accessLog() const { return tools_.access_log; }
  BlockPool& exchanges() { return exchanges_; }
  std::uint64_t exchangesInFlight() const { return exchanges_.lent(); }

 private:
  static constexpr Milliseconds kSweep{1'000};
  void onSweep();
  void retireClusters(const Plan& plan);

  Tools tools_;
  Random random_;
  http::DateText date_;
  BlockPool exchanges_;
  std::unique_ptr<PinnedPlan> current_;
  std::vector<std::unique_ptr<PinnedPlan>> retired_;
  std::vector<std::unique_ptr<upstream::Cluster>> clusters_;  // by NameId; most places are empty
  std::vector<std::unique_ptr<upstream::Cluster>> leaving_;
  std::unordered_map<NameId, upstream::SharedEndpoints> endpoints_;  // as discovery last said
  std::vector<std::unique_ptr<Mirror>> mirrors_;
  event::Alarm<Engine, &Engine::onSweep> sweep_;
};

}  // namespace weir::proxy
