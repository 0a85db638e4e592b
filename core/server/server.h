#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/idle_trim.h"
#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/config/units.h"
#include "core/event/loop.h"
#include "core/net/acceptor.h"
#include "core/net/address.h"
#include "core/server/cluster_use.h"
#include "core/server/control_client.h"
#include "core/server/counts.h"
#include "core/server/discoveries.h"
#include "core/server/shared_filters.h"
#include "core/server/survey.h"
#include "core/server/warm_up.h"
#include "core/upstream/health_checks.h"

namespace weir::net {
class PassedSockets;
}
namespace weir::state {
class Directory;
}
namespace weir::proxy {
struct ListenerPlan;
struct Plan;
}  // namespace weir::proxy

namespace weir::server {

class Worker;
struct Opening;
struct Recorders;

// The workers and their current plan: start, publish, drain, stop.
//
// Thread: the control thread.
class Server final : private upstream::HealthEvents {
 public:
  struct Parts {
    event::Loop& loop;  // the control thread's
    dns::Resolver& resolver;
    NameTable& names;
    MetricCells& cells;  // the control thread's
    Counts& counts;
    // For the first answers about a new plan's upstreams and filters; then it goes live without.
    Milliseconds warm_up_limit{5'000};
    net::PassedSockets* passed = nullptr;                // by a service manager; null: none
    state::Directory* state = nullptr;                   // null: nothing is kept over restarts
    upstream::MakeHealthChecks health_checks = nullptr;  // null: there are none
  };
  using OpenRecorders = std::function<Recorders(MetricCells& worker_cells)>;

  // Opens one loop for each worker.
  static Result<std::vector<event::Loop::Handle>> openLoops(unsigned workers);
  Server(const Parts& parts, std::vector<event::Loop::Handle> loops);  // one for each worker
  ~Server() override;

  // `details`: whether to keep details of the durations of requests.
  void start(const OpenRecorders& open, bool details = false);
  void setRecorders(const OpenRecorders& open);
  // Passes on what the recorders of all workers hold; calls back when all have done so.
  void flushRecorders(std::function<void()> on_done);

  // The owner of listener sockets.
  struct Owner {
    unsigned user;
    unsigned group;
  };
  // Binds the addresses of the first plan before start() and publish(), while the process still has
  // the privileges. `owner` then becomes the owner of the sockets.
  bool bind(const proxy::Plan& plan, std::optional<Owner> owner, config::Diagnostics& diagnostics);

  // Makes a plan the current one of all workers. New addresses are bound first: if one cannot be
  // bound, that is an error and nothing changes. `on_live` is called when the last worker uses the
  // plan, after the new upstreams have been resolved and the new filters are ready (or the wait for
  // them has timed out).
  bool publish(std::shared_ptr<const proxy::Plan> plan, config::Diagnostics& diagnostics,
               std::function<void()> on_live);
  const proxy::Plan* plan() const { return plan_.get(); }  // latest published; null before

  // Listeners stop accepting; calls back when no request is in flight, or after `patience`.
  void drain(Milliseconds patience, std::function<void(bool complete)> on_done);
  bool draining() const { return draining_; }
  void stop();

  struct Bound {
    std::shared_ptr<const proxy::ListenerPlan> listener;
    net::Address address;  // with the actual port
    std::uint64_t connections = 0;
  };
  std::vector<Bound> listeners() const;
  // Asks every worker, on its thread; calls back with the answers when all of them have answered,
  // or after Survey::kPatience.
  template <typename Part>
  void askWorkers(std::function<Part(Worker&)> question,
                  std::function<void(std::vector<Part> parts, std::size_t silent)> on_done) {
    survey_.gather<Part>(std::move(question), std::move(on_done));
  }
  // The use of clusters by all workers together. Calls made in the meantime share the result.
  using OnUse = std::function<void(const ClusterUses& uses, std::size_t silent)>;
  void askForUse(OnUse on_known);
  const Discoveries& directory() const { return discoveries_; }
  const upstream::HealthChecks* health() const { return health_.get(); }  // null: there are none
  // For calls of the control thread to upstreams of the latest plan.
  upstream::Client& client() { return control_.client(); }
  const SharedFilters& sharedFilters() const { return shared_filters_; }
  // Names of listeners, routes, upstreams and certificates that were in a plan, but are not in any
  // living one.
  std::unordered_set<NameId> namesThatLeft();
  void lookAgain() { discoveries_.lookAgain(); }  // queries every discovery source
  std::vector<std::unique_ptr<Worker>>& workers() { return workers_; }
  void refreshMetrics();  // before a scrape

 private:
  struct Listening {
    net::Address configured;
    net::Address bound;
    std::optional<config::FileMode> socket_mode;
    net::ListenSocket::Owner owner = net::ListenSocket::Owner::kWeir;
  };
  struct NewSocket {
    std::shared_ptr<const proxy::ListenerPlan> listener;
    std::vector<net::ListenSocket> sockets;  // one for each worker
  };
  bool openSockets(const proxy::Plan& plan, std::vector<NewSocket>& opened,
                   config::Diagnostics& diagnostics) const;
  // Empty if there is none of another owner; nullopt, with the mistake, on failure.
  std::optional<std::vector<net::ListenSocket>> takePassed(const proxy::ListenerPlan& listener,
                                                           config::Diagnostics& diagnostics) const;
  bool openListener(const std::shared_ptr<const proxy::ListenerPlan>& listener,
                    std::vector<NewSocket>& opened, config::Diagnostics& diagnostics) const;
  void changeSocketModes(const proxy::Plan& plan);
  void noteCertificates() const;
  void addNames(const proxy::Plan& plan, std::unordered_set<NameId>& names) const;
  void handOver(const std::shared_ptr<const proxy::Plan>& plan,
                const std::vector<std::vector<Opening>>& openings,
                const std::function<void()>& on_live);
  void onWorkerLive(std::uint64_t hand_over);
  void onEndpoints(NameId cluster, const upstream::SharedEndpoints& endpoints);
  void checkEndpoints(const upstream::ClusterPlans& clusters);
  // upstream::HealthEvents
  void onHealth(NameId cluster, const upstream::SharedHealth& health,
                std::size_t unhealthy) override;
  void onHealthSettled() override { warm_up_.onAnswer(); }
  void onDrainTimeout();
  void onStationEmpty();
  void onSweep();
  void watchMemory();
  void refreshRetryBudgets();
  void onUse(const std::vector<ClusterUses>& parts, std::size_t silent);

  Parts parts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Survey survey_;
  std::vector<OnUse> use_waiting_;  // for the answers of the workers
  ControlClient control_;
  std::unique_ptr<upstream::HealthChecks> health_;
  WarmUp warm_up_;
  Discoveries discoveries_;
  filter::Commons filter_commons_;
  SharedFilters shared_filters_;
  std::shared_ptr<const proxy::Plan> plan_;
  std::vector<std::shared_ptr<const proxy::Plan>> history_;  // destroyed here, after use
  std::map<NameId, Listening> listening_;
  bool started_ = false;
  std::vector<NewSocket> bound_;  // by bind(), for the first plan
  // A plan that is being handed over to the workers; another may follow before it is complete.
  struct HandOver {
    std::size_t workers_behind = 0;
    std::function<void()> on_live;
  };
  std::map<std::uint64_t, HandOver> hand_overs_;  // by number
  std::uint64_t last_hand_over_ = 0;
  std::function<void(bool)> on_drained_;
  std::size_t stations_busy_ = 0;  // workers that still drain
  bool draining_ = false;
  event::Overload overload_ = event::Overload::kNone;  // latest level
  event::Alarm<Server, &Server::onDrainTimeout> drain_timeout_;
  event::Alarm<Server, &Server::onSweep> sweep_;
  IdleTrim idle_trim_;
  std::unordered_set<NameId> names_seen_;  // in all plans
};

}  // namespace weir::server
