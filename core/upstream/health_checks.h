#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/endpoint.h"

namespace weir::event {
class Loop;
}
namespace weir::net {
class Connector;
}

namespace weir::upstream {

// What active health checks know of one endpoint. Times are those of the wall clock.
struct CheckedEndpoint {
  Health health = Health::kUnknown;
  Nanoseconds since{0};       // when `health` became so
  Nanoseconds checked_at{0};  // the end of the latest check; 0: none yet
  Nanoseconds took{0};        // the latest check
  std::string_view result;    // of the latest check: a word
  std::string detail;         // "status 503"
};

// The active health checks of all upstreams: run once per process, whatever discovers the
// endpoints. The results of an endpoint whose address stays are kept over reloads.
//
// Thread: the control thread.
class HealthChecks {
 public:
  virtual ~HealthChecks() = default;
  // The latest plan. Upstreams without checks are forgotten.
  virtual void follow(const ClusterPlans& plans) = 0;
  // What discovery found, also of upstreams without checks. Before the endpoints are used.
  virtual void setEndpoints(NameId cluster, const SharedEndpoints& endpoints) = 0;
  // Every known endpoint has been checked once.
  virtual bool settled() const = 0;
  // Null: the endpoint is not checked.
  virtual const CheckedEndpoint* find(NameId cluster, const net::Address& endpoint) const = 0;
};

// Hears of results.
class HealthEvents {
 public:
  virtual ~HealthEvents() = default;
  // The endpoints of a cluster that are unhealthy, and their number; null: it is not checked any
  // more.
  virtual void onHealth(NameId cluster, const SharedHealth& health, std::size_t unhealthy) = 0;
  virtual void onHealthSettled() = 0;
};

// The parts of the control thread that health checks may use.
struct HealthCheckTools {
  event::Loop& loop;
  net::Connector& connector;
  MetricCells& cells;
  HealthEvents& events;
};
using MakeHealthChecks = std::function<std::unique_ptr<HealthChecks>(const HealthCheckTools&)>;

}  // namespace weir::upstream
