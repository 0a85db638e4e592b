#pragma once

#include <memory>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/event/shared_count.h"
#include "core/net/connector.h"
#include "core/upstream/client.h"
#include "core/upstream/cluster.h"
#include "core/upstream/cluster_counts.h"
#include "core/upstream/retry_budget.h"

namespace weir::mesh::health {

// What the checks of an upstream share. Outlives its OneEndpoints.
struct CheckCommons final : event::Disposable {
  CheckCommons(event::Loop& on, net::Connector& by) : loop(on), connector(by) {}

  event::Loop& loop;
  net::Connector& connector;
  Random random{};
  MetricCells cells{};  // not shown
  event::SharedCount connections{};
  upstream::ClusterCounts counts{};
  upstream::RetryTokens retry_tokens{};
};

// Selects the only member of a cluster.
upstream::BalancerFactory onlyMember();

// The plan for checks of a cluster: the same TLS, identity and protocol, but no limits, no guards,
// and no connection that is kept.
upstream::SharedClusterPlan planOfChecks(const upstream::ClusterPlan& cluster,
                                         CheckCommons& commons);

// A cluster of one endpoint, for its checks, apart from the cluster that serves requests: checks
// take none of its connections, are not counted in its metrics, and its guards do not see them.
class OneEndpoint {
 public:
  OneEndpoint(CheckCommons& commons, const upstream::SharedClusterPlan& plan,
              const upstream::Endpoint& endpoint);

  void configure(const upstream::SharedClusterPlan& plan) { cluster_.configure(plan); }
  event::Loop& loop() { return commons_.loop; }
  http::Client& client() { return client_; }
  NameId id() const { return cluster_.plan().id; }
  // A connection without a codec.
  Result<std::unique_ptr<net::Stream>> dial();

 private:
  CheckCommons& commons_;
  upstream::Cluster cluster_;
  upstream::Client client_;
};

}  // namespace weir::mesh::health
