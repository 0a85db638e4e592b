#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/names.h"
#include "core/event/wheel.h"
#include "core/upstream/cluster.h"
#include "core/upstream/cluster_plan.h"

namespace weir::upstream {

// The clusters of one loop. A cluster is created on first use, kept over reloads, and closed after
// its last use once the plan no longer contains it.
//
// Thread: that of the loop.
class ClusterSet {
 public:
  explicit ClusterSet(const Cluster::Tools& tools);
  ClusterSet(const ClusterSet&) = delete;
  ClusterSet& operator=(const ClusterSet&) = delete;

  // The cluster, created on first use; null if `plans` do not contain it. To call it later, enter()
  // it first.
  Cluster* get(NameId id, const ClusterPlans& plans);
  // A reload: clusters adopt their new plans; those without one finish their work.
  void follow(const ClusterPlans& plans);
  // What discovery found, also for a cluster that has not been used yet.
  void setEndpoints(NameId id, SharedEndpoints endpoints);
  // The results of health checks, likewise.
  void setHealth(NameId id, SharedHealth health);
  // Visits the clusters of the latest plans that have been used.
  void forEach(const std::function<void(Cluster&)>& visit);

 private:
  static constexpr Milliseconds kSweep{1'000};

  // The latest results of discovery and of health checks.
  struct Found {
    SharedEndpoints endpoints;
    SharedHealth health;
    bool listed = true;  // the latest plan contains the cluster
  };

  std::unique_ptr<Cluster> make(const SharedClusterPlan& plan);
  void forgetFound(const ClusterPlans& plans);
  void onSweep();

  const Cluster::Tools tools_;
  std::vector<std::unique_ptr<Cluster>> clusters_;  // by NameId; most places are empty
  std::vector<std::unique_ptr<Cluster>> leaving_;
  std::unordered_map<NameId, Found> found_;
  event::Alarm<ClusterSet, &ClusterSet::onSweep> sweep_;  // armed while a cluster is leaving
};

}  // namespace weir::upstream
