#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/event/shared_count.h"
#include "core/filter/worker_parts.h"
#include "core/http/date.h"
#include "core/http/record.h"
#include "core/net/connector.h"
#include "core/proxy/destinations.h"
#include "core/proxy/plan.h"
#include "core/proxy/request_metrics.h"
#include "core/proxy/tap.h"
#include "core/proxy/tracer.h"
#include "core/upstream/client.h"
#include "core/upstream/cluster_set.h"

namespace weir::proxy {

// A request of weir's own that may outlive the exchange that started it.
//
// Owned by: Engine, from adopt() to release().
class DetachedRequest : public event::Disposable {
 public:
  virtual void abandon() = 0;  // must call Engine::release()
};

// A plan in use by a worker: the current one, or an old one until its last exchange has ended.
struct PinnedPlan {
  std::shared_ptr<const Plan> plan;
  std::uint64_t users = 0;
};

// State shared by all exchanges of one worker: the plan, the clusters, memory and metrics.
//
// Thread: the worker.
class Engine {
 public:
  struct Tools {
    event::Loop& loop;
    net::Connector& connector;
    MetricCells& metrics;
    std::size_t exchange_bytes;             // size of the objects in exchanges()
    http::AccessLog* access_log = nullptr;  // null: none
    Tracer* tracer = nullptr;               // null: requests are not traced
    MetricDetails* details = nullptr;       // null: none are kept
  };
  explicit Engine(Tools tools);
  ~Engine();  // after the last exchange has ended
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The creator of the plan keeps a reference until all workers have released theirs: destroying a
  // large plan here would take too long.
  void setPlan(std::shared_ptr<const Plan> plan);
  void setAccessLog(http::AccessLog* log) { tools_.access_log = log; }
  void setTracer(Tracer* tracer) { tools_.tracer = tracer; }
  // Gets the records of exchanges that have failed, whether there is an access log or not.
  void setFailureLog(http::AccessLog* log) { failure_log_ = log; }
  void setTap(Tap* tap) { tap_ = tap; }

  // Each call requires a matching unpin().
  PinnedPlan& pin();
  void unpin(PinnedPlan& pinned);
  bool hasPlan() const { return current_ != nullptr; }
  std::size_t plansInUse() const { return retired_.size() + 1; }

  void adopt(std::unique_ptr<DetachedRequest> request);
  void release(DetachedRequest& request);  // destroys it at the end of the turn

  upstream::ClusterSet& clusters() { return clusters_; }
  Destinations& destinations() { return destinations_; }  // of redirected connections
  // For calls of this worker to upstreams of the current plan.
  upstream::Client& client() { return client_; }
  event::Loop& loop() { return tools_.loop; }
  MetricCells& metrics() { return tools_.metrics; }
  RequestMetrics& requestMetrics() { return request_metrics_; }
  Random& random() { return random_; }
  std::string_view date() {  // for Date; until the next call
    const Nanoseconds now = tools_.loop.eventTime();
    return now < date_until_ ? date_.latest() : renewDate(now);
  }
  http::AccessLog* accessLog() const { return tools_.access_log; }
  Tracer* tracer() const { return tools_.tracer; }
  Tap* tap() const { return tap_; }  // null: nobody watches
  // Whether record() has a use for an exchange that ended like this.
  bool records(Reason reason, int status) const {
    return tools_.access_log != nullptr || (failed(reason, status) && failure_log_ != nullptr);
  }
  void record(const http::ExchangeRecord& record);
  // Whether the endpoint of a failed attempt would otherwise be unknown to record().
  bool namesFailedEndpoints() const {
    return failure_log_ != nullptr && tools_.access_log == nullptr;
  }
  filter::WorkerParts& parts() { return parts_; }  // of the plans' filters
  BlockPool& exchanges() { return exchanges_; }
  std::uint64_t exchangesInFlight() const { return exchanges_.lent(); }

 private:
  static constexpr Milliseconds kSweep{1'000};
  upstream::Cluster* find(NameId upstream);
  void onSweep();
  static bool failed(Reason reason, int status) { return reason != Reason::kNone || status >= 500; }
  std::string_view renewDate(Nanoseconds now);

  Tools tools_;
  http::AccessLog* failure_log_ = nullptr;  // null: none
  Tap* tap_ = nullptr;
  Random random_;
  http::DateText date_;
  Nanoseconds date_until_{0};  // by the monotonic clock
  RequestMetrics request_metrics_;
  BlockPool exchanges_;
  std::unique_ptr<PinnedPlan> current_;
  std::vector<std::unique_ptr<PinnedPlan>> retired_;
  upstream::ClusterSet clusters_;
  Destinations destinations_{clusters_};
  upstream::Client client_;
  std::vector<std::unique_ptr<DetachedRequest>> detached_;
  filter::Commons commons_;  // of the parts
  filter::WorkerParts parts_;
  event::Alarm<Engine, &Engine::onSweep> sweep_;
};

}  // namespace weir::proxy
