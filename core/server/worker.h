#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/event/loop_thread.h"
#include "core/net/acceptor.h"
#include "core/net/connector.h"
#include "core/proxy/engine.h"
#include "core/proxy/listener.h"
#include "core/server/cluster_use.h"
#include "core/server/counts.h"
#include "core/server/shared_filters.h"

namespace weir::server {

// A socket for a new listener or a new address.
struct Opening {
  std::shared_ptr<const proxy::ListenerPlan> listener;
  int descriptor;  // ownership is passed on
  net::Address address;
  event::SharedCount* connections;  // of the listener; looked up on the control thread
  net::ListenSocket::Owner owner = net::ListenSocket::Owner::kWeir;
};

// What records the exchanges of a worker.
struct Recorders {
  std::unique_ptr<http::AccessLog> log;   // null: none
  std::unique_ptr<proxy::Tracer> tracer;  // null: requests are not traced
};

// A worker with all its objects: engine, listeners, connector, log, cells.
//
// Thread: called by the control thread; the work is done on the worker.
class Worker {
 public:
  Worker(unsigned index, Counts& counts, NameTable& names, event::Loop::Handle loop);
  ~Worker();  // after stop()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // `details`: whether to keep details of the durations of requests.
  void start(Recorders recorders, bool details);
  void setRecorders(Recorders recorders);  // for tasks posted afterwards
  // Passes on what the recorders hold; calls back on the worker.
  void flushRecorders(std::function<void()> on_done);

  // Makes the plan the current one for new requests. Listeners that it does not contain drain.
  // `snapshots`: the latest of its filters.
  void publish(std::shared_ptr<const proxy::Plan> plan, std::vector<Opening> openings,
               Snapshots snapshots, std::function<void()> on_done);
  void setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints);
  void setHealth(NameId cluster, upstream::SharedHealth health);
  void setSnapshot(filter::MakerId filter, filter::AnySnapshot snapshot);
  // Stops accepting; calls back, on the worker, when the last connection has closed.
  void drain(std::function<void()> on_empty);
  void stop();  // aborts the remaining connections and ends the thread

  void post(std::function<void()> task) { worker_.post(std::move(task)); }
  event::Loop& loop() { return worker_.loop(); }
  MetricCells& cells() { return cells_; }
  MetricDetails& details() { return details_; }
  // On the worker only.
  proxy::Engine& engine() { return *engine_; }
  std::size_t connections() const;
  ClusterUses clusterUses();
  ClusterUse clusterUse(NameId cluster);

 private:
  static constexpr Milliseconds kDrainTick{10};

  ClusterUse useOf(const upstream::Cluster& cluster);
  void onStart(bool details);
  void onPublish(std::shared_ptr<const proxy::Plan> plan, std::vector<Opening>& openings);
  void closeListeners(const proxy::Plan& plan);
  void onDrainTick();
  bool drained() const;
  void onStop();

  Counts& counts_;
  MetricCells cells_;
  MetricDetails details_;
  event::LoopThread worker_;

  // On the worker.
  Histogram loop_lag_;
  std::unique_ptr<net::Connector> connector_;
  Recorders recorders_;
  std::unique_ptr<proxy::Engine> engine_;
  std::map<NameId, std::unique_ptr<proxy::Listener>> listeners_;
  std::vector<std::unique_ptr<proxy::Listener>> closing_;
  std::function<void()> on_empty_;
  event::Alarm<Worker, &Worker::onDrainTick> drain_tick_;
};

}  // namespace weir::server
