#include "core/upstream/cluster.h"

#include <algorithm>
#include <functional>

#include "core/base/check.h"
#include "core/base/metrics.h"
#include "core/tls/tls_stream.h"

namespace weir::upstream {
namespace {

// How often waiting exchanges check whether another worker has closed a connection.
constexpr Milliseconds kWaitTick{10};

constexpr Error kNoPlace = {ErrorCode::kExhausted, Origin::kLocal, "connection limit"};
constexpr Error kQueueFull = {ErrorCode::kExhausted, Origin::kLocal, "connection queue full"};
constexpr Error kQueueTimeout = {ErrorCode::kTimeout, Origin::kLocal,
                                 "no connection became free in time"};
constexpr Error kNoUpgrade = {ErrorCode::kNotImplemented, Origin::kUpstream,
                              "the endpoint does not accept upgrades over HTTP/2"};

}  // namespace

Cluster::Cluster(const Tools& tools, std::shared_ptr<const ClusterPlan> plan)
    : tools_(tools),
      plan_(std::move(plan)),
      selection_({tools.random, tools.loop, in_flight_}, tools.metrics, *plan_),
      wait_tick_(tools.loop.wheel(), *this),
      warm_tick_(tools.loop.wheel(), *this),
      recheck_(tools.loop.wheel(), *this),
      retry_budget_(*plan_->retry_tokens, plan_->options.retry_budget),
      attempt_metrics_(tools.metrics, plan_->id) {
  MetricCells& cells = tools_.metrics;
  totals_.open_gauge = cells.gauge(upstreamConnectionsActiveKey(plan_->id));
  totals_.idle_gauge = cells.gauge(upstreamConnectionsIdleKey(plan_->id));
  totals_.reused = cells.counter(upstreamReusedConnectionsKey(plan_->id));
  metrics_.connect = cells.histogram(upstreamConnectDurationKey(plan_->id, plan_->tls != nullptr));
  metrics_.pool_wait = cells.histogram(upstreamPoolWaitKey(plan_->id));
  metrics_.queue_depth = cells.gauge(upstreamQueueDepthKey(plan_->id));
  makeGuards();
  noteWishes();
}

Cluster::~Cluster() {
  closeIdle();
  while (!pools_.empty()) {
    std::unique_ptr<EndpointPool> pool = std::move(pools_.begin()->second);
    pools_.erase(pools_.begin());
    pool->closeAll();
    tools_.loop.destroyLater(std::move(pool));  // after its connections
  }
  tools_.loop.cancelTurnEnd(*this);
  WEIR_CHECK(totals_.open == 0);
}

void Cluster::configure(std::shared_ptr<const ClusterPlan> plan) {
  const auto old = std::exchange(plan_, std::move(plan));
  if (old->tls != plan_->tls) dial_tls_ = nullptr;
  retry_budget_.configure(plan_->options.retry_budget);
  if (endpoints_ != nullptr) {
    connection_limit_ = plan_->connectionLimit(endpoints_->endpoints.size());
  }
  if (!plan_->hasTermsOf(*old)) {
    for (EndpointPool* pool : allPools()) pool->renew();
    ++totals_.terms;
    if (plan_->tls != nullptr) recheck_.arm(Milliseconds(0));
  }
  if (!waiting_.empty()) tools_.loop.atTurnEnd(*this);  // the limit may be higher now
  metrics_.connect =
      tools_.metrics.histogram(upstreamConnectDurationKey(plan_->id, plan_->tls != nullptr));
  const bool guarded = old->options.guards != plan_->options.guards;
  const bool balanced = old->options.balancer != plan_->options.balancer;
  if (guarded) makeGuards();
  const bool selects = selection_.configure(*plan_, balanced);
  noteWishes();
  if (guarded || selects) refreshMembers();
}

void Cluster::makeGuards() {
  guards_.clear();
  GuardOwner& owner = *this;
  GuardTools tools{tools_.loop, tools_.random, tools_.metrics, plan_->id,
                   owner,       plan_->name,   plan_->role};
  if (plan_->counts != nullptr) tools.streaks = &plan_->counts->streaks;
  for (const GuardFactory& make : plan_->guards) guards_.push_back(make(tools));
}

void Cluster::noteWishes() {
  wants_key_ = selection_.wantsKey();
  reports_ = selection_.wantsOutcomes() || !guards_.empty();
}

void Cluster::setEndpoints(SharedEndpoints endpoints) {
  if (endpoints == endpoints_) return;
  endpoints_ = std::move(endpoints);
  connection_limit_ = plan_->connectionLimit(endpoints_->endpoints.size());
  for (auto& [address, pool] : pools_) pool->listed = false;
  for (const Endpoint& endpoint : endpoints_->endpoints) {
    EndpointPool& pool = poolAt(endpoint.address);
    if (pool.endpoint != endpoint) pool.endpoint = endpoint;
    pool.listed = true;
    noteHealth(pool);
  }
  refreshMembers();
  std::vector<EndpointPool*> gone;
  for (auto& [address, pool] : pools_) {
    if (!pool->listed) gone.push_back(pool.get());
  }
  for (EndpointPool* pool : gone) {
    pool->update();
    dropIfUnused(*pool);
  }
}

// In discovery's order, which is the same for every worker and every reload.
void Cluster::refreshMembers() {
  if (endpoints_ == nullptr) return;
  std::vector<Member*> listed;
  listed.reserve(endpoints_->endpoints.size());
  for (const Endpoint& endpoint : endpoints_->endpoints) {
    listed.push_back(pools_.at(endpoint.address).get());
  }
  selection_.setMembers(listed);
  refreshAvailability();
}

void Cluster::refreshAvailability() {
  may_pick_changed_ = false;
  const Milliseconds again = selection_.judge(guards_);
  if (again.count() > 0) warm_tick_.arm(again);
  noteWishes();
}

void Cluster::setHealth(SharedHealth health) {
  health_ = std::move(health);
  bool changed = false;
  for (auto& [address, pool] : pools_) changed |= noteHealth(*pool);
  if (changed) onMayPickChanged();
}

// Whether it has changed.
bool Cluster::noteHealth(Member& member) const {
  Health now = Health::kUnknown;
  if (health_ != nullptr) {
    const auto found = health_->find(member.endpoint.address);
    if (found != health_->end()) now = found->second;
  }
  if (now == member.health) return false;
  member.health = now;
  member.since = tools_.loop.now();
  return true;
}

// The next pick, perhaps in this turn, must know that the probe has begun.
void Cluster::beginProbe(Member& member) {
  for (const auto& guard : guards_) {
    if (guard->wantsPick(member)) guard->onPick(member);
  }
  refreshAvailability();
}

void Cluster::onMayPickChanged() {
  may_pick_changed_ = true;
  tools_.loop.atTurnEnd(*this);
}

Reason Cluster::checkAttempt() {
  if (endpoints_ == nullptr) return Reason::kUpstreamDnsError;
  for (const auto& guard : guards_) {
    const Reason refused = guard->admit();
    if (refused != Reason::kNone) return refused;
  }
  return Reason::kNone;
}

void Cluster::report(Member& member, const Outcome& outcome) {
  if (selection_.wantsOutcomes()) selection_.onOutcome(member, outcome);
  for (const auto& guard : guards_) guard->onOutcome(member, outcome);
}

Member* Cluster::find(const net::Address& address) const {
  const auto found = pools_.find(address);
  return found == pools_.end() ? nullptr : found->second.get();
}

void Cluster::forEachMember(const std::function<void(const Member&)>& visit) const {
  if (endpoints_ == nullptr) return;
  for (const Endpoint& endpoint : endpoints_->endpoints) visit(*pools_.at(endpoint.address));
}

std::size_t Cluster::endpointCount() const {
  if (endpoints_ == nullptr) return 0;
  const auto& all = endpoints_->endpoints;
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const Endpoint& endpoint) { return !endpoint.draining; }));
}

Member& Cluster::memberAt(const net::Address& address) { return poolAt(address); }

// A new one gets no traffic until it is listed.
EndpointPool& Cluster::poolAt(const net::Address& address) {
  auto& pool = pools_[address];
  if (pool == nullptr) {
    PoolOwner& owner = *this;
    pool = std::make_unique<EndpointPool>(
        EndpointPool::Tools{tools_.loop, tools_.connector, tools_.random, totals_}, owner);
    pool->endpoint.address = address;
    pool->since = tools_.loop.now();
    pool->listed = pool->available = false;
  }
  return *pool;
}

void Cluster::acquire(Member& member, PoolWaiter& waiter, Demand demand) {
  auto& pool = static_cast<EndpointPool&>(member);
  ++pool.in_flight;
  ++in_flight_;
  waiter.pool_ = &pool;
  waiter.demand_ = demand;
  waiter.tries_ = 0;
  const bool look = demand.once && !demand.fresh && pool.offersReused();
  if (!look && !demand.revocable) {
    ClientConnection* const found = waiting_.empty() ? pool.offer(demand) : nullptr;
    return found != nullptr ? pool.give(waiter, *found) : serveNew(waiter);
  }
  awaitTurnEnd(waiter);
}

void Cluster::awaitTurnEnd(PoolWaiter& waiter) {
  waiter.place_ = PoolWaiter::Place::kTurnEnd;
  at_turn_end_.pushBack(waiter.link_);
  tools_.loop.atTurnEnd(*this);
}

void Cluster::askAgain(PoolWaiter& waiter) {
  cancel(waiter);
  awaitTurnEnd(waiter);
}

// Earlier waiters take precedence. They lose nothing by a shared connection to an endpoint for
// which none of them waits.
void Cluster::serveNew(PoolWaiter& waiter) {
  if (waiting_.empty()) {
    if (!serve(waiter)) wait(waiter);
    return;
  }
  EndpointPool& pool = *waiter.pool_;
  ClientConnection* const shared =
      pool.waiting().empty() ? pool.offerShared(waiter.demand_) : nullptr;
  if (shared != nullptr) return pool.give(waiter, *shared);
  wait(waiter);
}

// Uses an available connection, else one being established that takes several exchanges, else a new
// one. False at the limit of connections: then nothing has changed.
bool Cluster::serve(PoolWaiter& waiter) {
  EndpointPool& pool = *waiter.pool_;
  if (ClientConnection* const found = pool.offer(waiter.demand_)) {
    stopWaiting(waiter);
    pool.give(waiter, *found);
  } else if (!pool.canServe(waiter.demand_)) {
    stopWaiting(waiter);
    waiter.onAcquireFailed(kNoUpgrade);
  } else if (pool.mayExpect(waiter.demand_)) {
    stopWaiting(waiter);
    pool.expect(waiter);
  } else {
    if (!takePlace()) return false;
    stopWaiting(waiter);
    pool.connect(waiter);
  }
  return true;
}

void Cluster::serveAgain(PoolWaiter& waiter) {
  if (!serve(waiter)) wait(waiter);
}

void Cluster::wantsPass(EndpointPool& pool) {
  if (!pool.setWanting(true)) wanting_.push_back(&pool);
  tools_.loop.atTurnEnd(*this);
}

void Cluster::onTurnEnd() {
  if (may_pick_changed_) refreshAvailability();
  while (!wanting_.empty()) {
    EndpointPool& pool = *wanting_.back();
    wanting_.pop_back();
    pool.setWanting(false);
    pool.pass();
    if (!pool.waiting().empty()) passed_.push_back(&pool);
  }
  serveQueue();
  while (!passed_.empty()) {
    EndpointPool& pool = *passed_.back();
    passed_.pop_back();
    serveQueueOf(pool);
  }
  serveAtTurnEnd();
  shortenQueue();
}

void Cluster::serveAtTurnEnd() {
  while (!at_turn_end_.empty()) {
    PoolWaiter& waiter = at_turn_end_.front()->waiter;
    cancel(waiter);
    Share* const share = waiter.demand_.share;
    if (share == nullptr || !share->spent()) {
      serveNew(waiter);
    } else {
      waiter.place_ = PoolWaiter::Place::kShare;
      share->waiting_.pushBack(waiter.link_);
    }
  }
}

// The client connection with the most waiting requests loses the latest of them.
void Cluster::shortenQueue() {
  while (over_pending_ > 0) {
    PoolWaiter& last = turns_.back();
    leaveQueue(last);
    tools_.metrics.counter(limitRejectionsKey(LimitScope::kUpstream, LimitResource::kPending))
        .add();
    last.onAcquireFailed(kQueueFull);
  }
}

void Cluster::serveQueue() {
  while (!turns_.empty()) {
    if (!serve(turns_.front())) return;
  }
}

// If the longest wait is for another endpoint, shared connections to this one need not be idle.
void Cluster::serveQueueOf(EndpointPool& pool) {
  while (!pool.waiting().empty()) {
    PoolWaiter& waiter = pool.waiting().front();
    ClientConnection* const shared = pool.offerShared(waiter.demand_);
    if (shared == nullptr) return;
    stopWaiting(waiter);
    pool.give(waiter, *shared);
  }
}

void Cluster::wait(PoolWaiter& waiter) {
  waiter.place_ = PoolWaiter::Place::kQueue;
  waiter.asked_at_ = monotonicNow();
  waiting_.pushBack(waiter.link_);
  turns_.push(waiter.turn_);
  waiter.pool_->waiting().push(waiter.of_endpoint_);
  ++totals_.waiting;
  metrics_.queue_depth.add(1);
  if (!takePending()) tools_.loop.atTurnEnd(*this);
  if (!wait_tick_.armed()) wait_tick_.arm(kWaitTick);
}

// The waiter is about to be served.
void Cluster::stopWaiting(PoolWaiter& waiter) {
  if (waiter.place_ != PoolWaiter::Place::kQueue) return;
  metrics_.pool_wait.observe(monotonicNow() - waiter.asked_at_);
  leaveQueue(waiter);
}

void Cluster::leaveQueue(PoolWaiter& waiter) {
  waiter.place_ = PoolWaiter::Place::kNowhere;
  waiting_.remove(waiter.link_);
  turns_.remove(waiter.turn_);
  waiter.pool_->waiting().remove(waiter.of_endpoint_);
  --totals_.waiting;
  metrics_.queue_depth.add(-1);
  releasePending();
}

// False at the limit: at the end of the turn one waiter loses its place.
bool Cluster::takePending() {
  const std::uint32_t limit = plan_->options.max_pending;
  if (limit > 0 && plan_->counts->pending.tryAdd(limit)) return true;
  ++over_pending_;
  return false;
}

// A waiter that leaves gives its place to one that has none.
void Cluster::releasePending() {
  if (over_pending_ > 0) {
    --over_pending_;
  } else {
    plan_->counts->pending.remove();
  }
}

bool Cluster::takeRequest() {
  if (plan_->counts->requests.tryAdd(plan_->options.max_requests)) return true;
  tools_.metrics.counter(limitRejectionsKey(LimitScope::kUpstream, LimitResource::kRequests)).add();
  return false;
}

bool Cluster::takeRetry() { return plan_->counts->retries.tryAdd(plan_->options.max_retries); }

void Cluster::onWaitTick() {
  const Nanoseconds now = monotonicNow();
  while (!waiting_.empty()) {
    PoolWaiter& first = waiting_.front()->waiter;
    if (now - first.asked_at_ < plan_->options.queue_timeout) break;
    leaveQueue(first);
    first.onAcquireFailed(kQueueTimeout);
  }
  serveQueue();
  if (!waiting_.empty()) wait_tick_.arm(kWaitTick);
}

void Cluster::cancel(PoolWaiter& waiter) {
  switch (waiter.place_) {
    case PoolWaiter::Place::kNowhere:
      break;
    case PoolWaiter::Place::kTurnEnd:
      waiter.place_ = PoolWaiter::Place::kNowhere;
      return at_turn_end_.remove(waiter.link_);
    case PoolWaiter::Place::kConnecting:
      // The connection being established will serve another waiter.
      return waiter.pool_->cancelExpected(waiter);
    case PoolWaiter::Place::kQueue:
      return leaveQueue(waiter);
    case PoolWaiter::Place::kShare:
      waiter.place_ = PoolWaiter::Place::kNowhere;
      return waiter.demand_.share->waiting_.remove(waiter.link_);
  }
}

void Cluster::done(Member& member, const Outcome& outcome) {
  end(member, outcome);
  dropIfUnused(static_cast<EndpointPool&>(member));
}

void Cluster::dropIfUnused(EndpointPool& pool) {
  if (pool.listed || !pool.unused()) return;
  if (pool.setWanting(false)) std::erase(wanting_, &pool);
  const auto found = pools_.find(pool.endpoint.address);
  if (found == pools_.end() || found->second.get() != &pool) return;
  for (const auto& guard : guards_) guard->forget(pool);
  tools_.loop.destroyLater(std::move(found->second));  // it may be active
  pools_.erase(found);
}

// Counts one more connection, unless the limit is reached. After a reload there may be several too
// many.
bool Cluster::takePlace() {
  event::SharedCount& count = *plan_->connections;
  while (!count.tryAdd(connection_limit_)) {
    if (!makeRoom()) return false;
  }
  return true;
}

// At the limit, an idle connection is closed in favor of a new one.
bool Cluster::makeRoom() {
  if (totals_.idle == 0) return false;
  for (auto& [address, pool] : pools_) {
    if (pool->evictIdle()) return true;  // which may drop the pool
  }
  return false;
}

void Cluster::onPlaceFree(EndpointPool& pool) {
  plan_->connections->remove();
  if (!waiting_.empty()) tools_.loop.atTurnEnd(*this);
  dropIfUnused(pool);
}

void Cluster::onConnected(const ClientConnection& connection) {
  metrics_.connect.observe(connection.connectTook());
  if (connection.peer() != nullptr) countMtls(tls::MtlsResult::kOk);
}

void Cluster::countFailure(ErrorCode code) {
  ConnectFailure failure = ConnectFailure::kUnreachable;
  if (code == ErrorCode::kRefused) failure = ConnectFailure::kRefused;
  if (code == ErrorCode::kTimeout) failure = ConnectFailure::kTimeout;
  if (code == ErrorCode::kTls) {
    failure = ConnectFailure::kTls;
    countMtls(tls::MtlsResult::kFailed);
  }
  if (code == ErrorCode::kReset || code == ErrorCode::kClosed) failure = ConnectFailure::kReset;
  tools_.metrics.counter(upstreamConnectionFailuresKey(plan_->id, failure)).add();
}

void Cluster::countMtls(tls::MtlsResult result) {
  if (plan_->tls == nullptr || plan_->tls->options().own == nullptr) return;
  tools_.metrics.counter(tls::mtlsConnectionsKey(tls::Direction::kOutbound, plan_->id, result))
      .add();
}

Result<std::unique_ptr<net::Stream>> Cluster::dial(Member& member, std::string_view first) {
  auto& pool = static_cast<EndpointPool&>(member);
  if (!takePlace()) {
    constexpr auto kKey = limitRejectionsKey(LimitScope::kUpstream, LimitResource::kConnections);
    tools_.metrics.counter(kKey).add();
    dropIfUnused(pool);
    return kNoPlace;
  }
  pool.addTunnel();
  ++pool.in_flight;
  ++in_flight_;
  auto stream = dialPool(pool, first);
  if (stream.ok()) return stream;
  Error error = stream.error();
  error.origin = Origin::kUpstream;  // whatever its source: the endpoint was not reached
  releaseDialed(member, {AttemptOutcome::kError, Reason::kUpstreamConnectRefused});
  return error;
}

Result<std::unique_ptr<net::Stream>> Cluster::dialPool(EndpointPool& pool, std::string_view first) {
  WEIR_TRY(auto wire, tools_.connector.connect(pool.endpoint.address));
  if (!first.empty()) wire->write(asBytes(first));
  if (plan_->tls == nullptr) return wire;
  return tls::TlsStream::connect(tools_.loop, std::move(wire), dialTls(), pool.sessions());
}

// Connections without a codec negotiate no version of HTTP.
const std::shared_ptr<const tls::ClientConfig>& Cluster::dialTls() {
  if (dial_tls_ == nullptr) dial_tls_ = plan_->tls->withoutProtocols();
  return dial_tls_;
}

void Cluster::releaseDialed(Member& member, const Outcome& outcome) {
  auto& pool = static_cast<EndpointPool&>(member);
  end(member, outcome);
  pool.removeTunnel();
  onPlaceFree(pool);
}

// Keeps the members: exchanges in flight may still pick one for another attempt.
void Cluster::closeIdle() {
  totals_.leaving = true;
  for (EndpointPool* pool : allPools()) pool->update();
}

std::vector<EndpointPool*> Cluster::allPools() const {
  std::vector<EndpointPool*> pools;
  for (const auto& [address, pool] : pools_) pools.push_back(pool.get());
  return pools;
}

}  // namespace weir::upstream
