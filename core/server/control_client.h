#pragma once

#include <memory>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/net/connector.h"
#include "core/upstream/client.h"
#include "core/upstream/cluster_set.h"

namespace weir::server {

// The control thread's own clusters and its client over them: for discoveries and whatever else
// asks an upstream without a request. A cluster is made at the first call.
//
// Thread: the control thread.
class ControlClient {
 public:
  ControlClient(event::Loop& loop, MetricCells& cells);
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  void follow(const upstream::ClusterPlans& plans);  // the upstreams of the latest plan
  void setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints);
  void setHealth(NameId cluster, upstream::SharedHealth health);
  upstream::Client& client() { return client_; }
  net::Connector& connector() { return connector_; }

 private:
  net::TcpConnector connector_;
  Random random_;
  upstream::ClusterPlans plans_;
  upstream::ClusterSet clusters_;
  upstream::Client client_;
};

}  // namespace weir::server
