#include "core/server/control_client.h"

#include <utility>

namespace weir::server {

ControlClient::ControlClient(event::Loop& loop, MetricCells& cells)
    : connector_(loop),
      clusters_({loop, connector_, random_, cells}),
      client_({loop, [this](NameId name) { return clusters_.get(name, plans_); }}) {}

void ControlClient::follow(const upstream::ClusterPlans& plans) {
  plans_ = plans;
  clusters_.follow(plans_);
}

void ControlClient::setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints) {
  clusters_.setEndpoints(cluster, std::move(endpoints));
}

void ControlClient::setHealth(NameId cluster, upstream::SharedHealth health) {
  clusters_.setHealth(cluster, std::move(health));
}

}  // namespace weir::server
