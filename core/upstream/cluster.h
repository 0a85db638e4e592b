#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/tls/metrics.h"
#include "core/upstream/attempt_metrics.h"
#include "core/upstream/balancer.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/endpoint_pool.h"
#include "core/upstream/guard.h"
#include "core/upstream/metrics.h"
#include "core/upstream/outcome.h"
#include "core/upstream/pool_waiter.h"
#include "core/upstream/retry_budget.h"
#include "core/upstream/selection.h"

namespace weir::upstream {

// One worker's part of a cluster: its balancer, a pool of connections to each endpoint, and the
// queue of exchanges that wait at the limit of connections.
//
// Only acquire() calls a waiter back at once; after events on connections, waiters are served at
// the end of the turn. Client connections take turns in the queue (FairQueue), and one that cancels
// many requests delays itself (Share).
class Cluster final : private PoolOwner, private GuardOwner, private event::TurnEnd {
 public:
  struct Tools {
    event::Loop& loop;
    net::Connector& connector;
    Random& random;
    MetricCells& metrics;
  };
  Cluster(const Tools& tools, std::shared_ptr<const ClusterPlan> plan);
  ~Cluster() override;  // no exchange may be in flight
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // A reload: keeps connections, counts and balancing state if the terms allow it.
  void configure(std::shared_ptr<const ClusterPlan> plan);
  void setEndpoints(SharedEndpoints endpoints);
  // The results of health checks of all endpoints; null: there are no checks.
  void setHealth(SharedHealth health);
  bool knowsEndpoints() const { return endpoints_ != nullptr; }
  std::size_t endpointCount() const;  // without those that are about to leave

  // Between enter() and leave() an exchange may call the cluster, even if the plan no longer has
  // it.
  void enter() { ++users_; }
  void leave() { --users_; }

  // Whether the balancer wants Pick::key.
  bool wantsKey() const { return wants_key_; }
  // Before pick(): any other reason than kNone refuses the attempt, because the endpoints are not
  // known yet or a guard objects.
  Reason admit() {
    return endpoints_ != nullptr && guards_.empty() ? Reason::kNone : checkAttempt();
  }
  // Whether requests are counted, see takeRequest().
  bool limitsRequests() const { return plan_->options.max_requests > 0; }
  // Counts one more attempt in flight, until releaseRequest(). False at the limit.
  bool takeRequest();
  void releaseRequest() { plan_->counts->requests.remove(); }
  // Likewise for requests that are being retried.
  bool takeRetry();
  void releaseRetry() { plan_->counts->retries.remove(); }
  Member* pick(const Pick& pick) {
    const bool sticks = pick.sticky != nullptr && Selection::mayStick(*pick.sticky, pick.tried);
    Member* const picked = sticks ? pick.sticky : selection_.pick(pick);
    if (picked != nullptr && picked->on_probe) [[unlikely]]
      beginProbe(*picked);
    return picked;
  }
  // The member with this address. Discovery need not have reported it: then it gets no other
  // traffic, and exists until its last attempt has ended.
  Member& memberAt(const net::Address& address);
  // Counts the attempt as in flight until done(). Calls back at once if a connection is free. A
  // request that cannot be sent twice waits for the end of the turn before it is assigned to a
  // reused connection: the end of that connection may have arrived in this turn.
  void acquire(Member& member, PoolWaiter& waiter, Demand demand);
  void cancel(PoolWaiter& waiter);  // before it has been called back
  // Whether it waits for a connection that is being established.
  static bool isConnecting(const PoolWaiter& waiter) {
    return waiter.place_ == PoolWaiter::Place::kConnecting;
  }
  void done(Member& member, const Outcome& outcome);  // the attempt has ended

  // For tunnels: begins to connect to a member. The caller owns the connection; it is counted, and
  // the attempt is in flight, until releaseDialed(). `first` is sent before everything else,
  // including TLS. kExhausted of local origin at the limit of connections: tunnels do not wait in
  // the queue.
  Result<std::unique_ptr<net::Stream>> dial(Member& member, std::string_view first);
  void noteDialed(Nanoseconds took) const { metrics_.connect.observe(took); }
  void noteDialFailed(const Error& error) { countFailure(error.code); }
  void releaseDialed(Member& member, const Outcome& outcome);

  void closeIdle();  // the cluster is leaving: keeps only connections in use
  bool quiet() const { return totals_.open == 0 && users_ == 0; }
  const ClusterPlan& plan() const override { return *plan_; }
  const Tools& tools() const { return tools_; }
  RetryBudget& retryBudget() { return retry_budget_; }
  AttemptMetrics& attemptMetrics() { return attempt_metrics_; }
  // The endpoint with that address, perhaps no longer listed; null if there is none.
  Member* find(const net::Address& address) const;
  // Visits every endpoint that discovery lists.
  void forEachMember(const std::function<void(const Member&)>& visit) const;
  std::size_t open() const { return totals_.open; }
  std::size_t idle() const { return totals_.idle; }

 private:
  using Queue = LinkedList<PoolWaiter::Link>;
  // PoolOwner
  void wantsPass(EndpointPool& pool) override;
  void serveAgain(PoolWaiter& waiter) override;
  void askAgain(PoolWaiter& waiter) override;
  void onConnected(const ClientConnection& connection) override;
  void onConnectFailed(const Error& error) override { countFailure(error.code); }
  void onRevoked() override;
  void onPlaceFree(EndpointPool& pool) override;

  // GuardOwner
  void onMayPickChanged() override;
  std::size_t candidates() const override { return selection_.candidates(); }

  void onTurnEnd() override;
  void serveNew(PoolWaiter& waiter);
  bool serve(PoolWaiter& waiter);
  void serveQueue();
  void serveQueueOf(EndpointPool& pool);
  void wait(PoolWaiter& waiter);
  void stopWaiting(PoolWaiter& waiter);
  void leaveQueue(PoolWaiter& waiter);
  void awaitTurnEnd(PoolWaiter& waiter);
  void serveAtTurnEnd();
  void shortenQueue();
  void onWaitTick();
  bool takePlace();
  bool takePending();
  void releasePending();
  bool makeRoom();
  Result<std::unique_ptr<net::Stream>> dialPool(EndpointPool& pool, std::string_view first);
  const std::shared_ptr<const tls::ClientConfig>& dialTls();
  void recheckConnections();
  EndpointPool& poolAt(const net::Address& address);
  void dropIfUnused(EndpointPool& pool);
  void countFailure(ErrorCode code);
  void countMtls(tls::MtlsResult result);
  void makeGuards();
  bool noteHealth(Member& member) const;
  void noteWishes();
  Reason checkAttempt();
  void refreshMembers();
  void refreshAvailability();
  void beginProbe(Member& member);
  void onWarmTick() { refreshAvailability(); }
  void end(Member& member, const Outcome& outcome) {
    --member.in_flight;
    --in_flight_;
    if (reports_) report(member, outcome);
  }
  void report(Member& member, const Outcome& outcome);
  // For loops in which pools may be dropped; a dropped pool exists until the turn ends.
  std::vector<EndpointPool*> allPools() const;

  Tools tools_;
  std::shared_ptr<const ClusterPlan> plan_;
  std::shared_ptr<const tls::ClientConfig> dial_tls_;  // null until the first dial()
  SharedEndpoints endpoints_;
  SharedHealth health_;
  std::uint32_t in_flight_ = 0;  // attempts at all members
  Selection selection_;
  std::vector<std::unique_ptr<Guard>> guards_;
  std::uint64_t connection_limit_ = ClusterOptions::kLeastConnections;
  std::size_t over_pending_ = 0;  // waiters above max_pending, until the end of the turn
  bool wants_key_ = false;
  bool reports_ = false;  // balancer or guards want outcomes
  bool may_pick_changed_ = false;
  PoolTotals totals_;
  std::unordered_map<net::Address, std::unique_ptr<EndpointPool>, AddressHash> pools_;
  std::vector<EndpointPool*> wanting_;  // that want a pass
  std::vector<EndpointPool*> passed_;   // whose queues may be served
  Queue at_turn_end_;
  Queue waiting_;    // the longest wait first
  FairQueue turns_;  // the same waiters in the order in which they are served
  event::Alarm<Cluster, &Cluster::onWaitTick> wait_tick_;
  event::Alarm<Cluster, &Cluster::onWarmTick> warm_tick_;  // armed while a member starts slowly
  event::Alarm<Cluster, &Cluster::recheckConnections> recheck_;
  std::uint64_t users_ = 0;
  RetryBudget retry_budget_;
  AttemptMetrics attempt_metrics_;

  struct Metrics {
    Histogram connect;
    Histogram pool_wait;
    Gauge queue_depth;
  } metrics_;
};

}  // namespace weir::upstream
