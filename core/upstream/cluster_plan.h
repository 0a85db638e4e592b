#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/event/log_limit.h"
#include "core/event/shared_count.h"
#include "core/tls/client_config.h"
#include "core/upstream/balancer.h"
#include "core/upstream/cluster_counts.h"
#include "core/upstream/cluster_options.h"
#include "core/upstream/discovery.h"
#include "core/upstream/guard.h"
#include "core/upstream/retry_budget.h"

namespace weir::upstream {

// A cluster of the plan: shared by all workers, immutable.
struct ClusterPlan {
  NameId id = 0;
  std::string_view name;  // lives as long as the NameTable
  config::Role role = config::Role::kGateway;
  ClusterOptions options;
  BalancerFactory balancer;
  std::vector<GuardFactory> guards;
  std::shared_ptr<const DiscoverySource> discovery;
  NameId discovery_kind = 0;  // as it was registered
  std::uint32_t workers = 1;
  event::SharedCount* connections = nullptr;     // of all workers; outlives every plan
  ClusterCounts* counts = nullptr;               // likewise
  RetryTokens* retry_tokens = nullptr;           // of all workers; likewise
  event::LogLimit* failures = nullptr;           // limits messages about the cluster; likewise
  std::shared_ptr<const tls::ClientConfig> tls;  // null: plaintext

  // The limit of connections to so many endpoints, on all workers together; 0: none.
  std::uint64_t connectionLimit(std::size_t endpoints) const;
  // Whether connections made for `other` satisfy this plan: the peers that they trust, weir's
  // identity on them, and the protocol.
  bool hasTermsOf(const ClusterPlan& other) const;
};

using SharedClusterPlan = std::shared_ptr<const ClusterPlan>;

// The clusters of a plan, in ascending order of their ids.
class ClusterPlans {
 public:
  ClusterPlans() = default;
  explicit ClusterPlans(std::vector<SharedClusterPlan> plans);  // in any order, no id twice

  // Null if there is no such cluster.
  const SharedClusterPlan* find(NameId id) const;
  auto begin() const { return plans_.begin(); }
  auto end() const { return plans_.end(); }
  std::size_t size() const { return plans_.size(); }
  bool empty() const { return plans_.empty(); }
  const SharedClusterPlan& operator[](std::size_t index) const { return plans_[index]; }
  friend bool operator==(const ClusterPlans&, const ClusterPlans&) = default;  // the same objects

 private:
  std::vector<SharedClusterPlan> plans_;
};

}  // namespace weir::upstream
