#include "core/upstream/endpoint_pool.h"

#include <algorithm>
#include <utility>

#include "core/tls/connector.h"

namespace weir::upstream {
namespace {

constexpr Error kNoStreams = {ErrorCode::kRefused, Origin::kUpstream, "allows no streams"};
constexpr Error kNotServed = {ErrorCode::kClosed, Origin::kUpstream,
                              "connections ended before they accepted a request"};
// Connections being established for which an exchange may wait in vain before it fails. A
// connection may take fewer exchanges than expected, which is not a failure.
constexpr std::uint8_t kMostTries = 8;

}  // namespace

ClientConnection* EndpointPool::offerOf(Offers& offers, const Demand& demand) {
  ClientConnection::Offer* next = nullptr;
  for (ClientConnection::Offer* at = offers.front(); at != nullptr; at = next) {
    next = at->next;
    ClientConnection& connection = at->connection;
    const State now = stateOf(connection);
    if (now != connection.record().state) {
      move(connection, now);  // the event that closes it is still pending
    } else if (suits(connection, demand)) {
      return &connection;
    }
  }
  return nullptr;
}

void EndpointPool::give(PoolWaiter& waiter, ClientConnection& connection) {
  const bool reused = !isFresh(connection);
  if (reused) tools_.totals.reused.add();
  connection.record().borrowed_for = waiter.demand_.share;
  waiter.onAcquired({connection.codec(), connection.peer(), reused});
  place(connection);
}

bool EndpointPool::anyoneWaits() const {
  return tools_.totals.waiting > 0 || !expected(Kind::kAny).waiters.empty() ||
         !expected(Kind::kHttp1).waiters.empty();
}

void EndpointPool::place(ClientConnection& connection) {
  const State now = stateOf(connection);
  move(connection, now);
  if (now == State::kDraining && connection.codec().idle()) return connection.retire();
  const bool offered = now == State::kIdle || now == State::kBusy;
  if (offered && anyoneWaits()) owner_.wantsPass(*this);
}

// The only function that changes the lists: all counts follow from it.
void EndpointPool::move(ClientConnection& connection, State to) {
  ClientConnection::Record& record = connection.record();
  const State from = std::exchange(record.state, to);
  if (from == to) return;
  PoolTotals& totals = tools_.totals;
  if (from == State::kBusy) busy_.remove(record.offer);
  if (from == State::kIdle) {
    idle_.remove(record.offer);
    --totals.idle;
    totals.idle_gauge.add(-1);
    connection.disarmIdle();
  }
  if (to == State::kBusy) busy_.pushFront(record.offer);
  if (to == State::kIdle) {
    idle_.pushFront(record.offer);
    ++totals.idle;
    totals.idle_gauge.add(1);
    connection.armIdle(owner_.plan().options.idle_timeout);
  }
  if (from >= State::kConnecting || to >= State::kConnecting) countOpen(connection, from, to);
}

void EndpointPool::countOpen(ClientConnection& connection, State from, State to) {
  PoolTotals& totals = tools_.totals;
  std::size_t& room = expected(kindOf(connection)).room;
  if (from == State::kConnecting) room -= connection.record().promised;
  if (to == State::kConnecting) room += connection.record().promised;
  if (from == State::kClosed) {
    connections_.pushBack(connection);
    ++totals.open;
    totals.open_gauge.add(1);
  } else if (to == State::kClosed) {
    connections_.remove(connection);
    --totals.open;
    totals.open_gauge.add(-1);
  }
}

void EndpointPool::onRestBegin(ClientConnection& connection) {
  ClientConnection::Record& record = connection.record();
  if (record.borrowed_for != nullptr) record.borrowed_for->charge(record.charge);
  place(connection);
}

void EndpointPool::onRestEnd(ClientConnection& connection) {
  discharge(connection);
  place(connection);
}

// Requests that waited for this ask again, possibly in other clusters.
void EndpointPool::discharge(ClientConnection& connection) {
  Share::Charge& charge = connection.record().charge;
  if (charge.share == nullptr) return;
  Share& share = *charge.share;
  share.release(charge);
  while (!share.spent() && !share.waiting_.empty()) {
    PoolWaiter& waiter = share.waiting_.front()->waiter;
    waiter.pool_->owner_.askAgain(waiter);
  }
}

void EndpointPool::remove(ClientConnection& connection) {
  discharge(connection);
  move(connection, State::kClosed);
  tools_.loop.destroyLater(std::unique_ptr<event::Disposable>(&connection));
  owner_.onPlaceFree(*this);
}

// Optimistic until it is known: a wrong guess costs the time of one handshake, once.
std::size_t EndpointPool::promiseOf(Kind kind) const {
  const ClusterPlan& plan = owner_.plan();
  const http::VersionChoice protocol = plan.options.protocol;
  const bool multiplexes = protocol == http::VersionChoice::kAuto
                               ? multiplexes_.value_or(plan.tls != nullptr)
                               : protocol == http::VersionChoice::kHttp2;
  if (kind == Kind::kHttp1 || !multiplexes) return 1;
  const std::size_t limit = plan.options.http2.max_streams;
  return std::clamp<std::size_t>(most_.value_or(limit), 1, limit);
}

EndpointPool::Kind EndpointPool::kindFor(const Demand& demand) const {
  const bool over_http2 = !demand.by_http1 && takes_upgrades_.value_or(true);
  const bool not_over_http2 = demand.upgrade && multiplexes_.value_or(false) && !over_http2;
  return not_over_http2 ? Kind::kHttp1 : Kind::kAny;
}

bool EndpointPool::canServe(const Demand& demand) const {
  return kindFor(demand) == Kind::kAny ||
         owner_.plan().options.protocol != http::VersionChoice::kHttp2;
}

bool EndpointPool::mayExpect(const Demand& demand) const {
  const Expected& line = expected(kindFor(demand));
  return line.waiters.size() < line.room;
}

void EndpointPool::expect(PoolWaiter& waiter) {
  const Kind kind = kindFor(waiter.demand_);
  waiter.place_ = PoolWaiter::Place::kConnecting;
  waiter.expects_http1_ = kind == Kind::kHttp1;
  expected(kind).waiters.pushBack(waiter.link_);
}

void EndpointPool::cancelExpected(PoolWaiter& waiter) {
  waiter.place_ = PoolWaiter::Place::kNowhere;
  expected(waiter.expects_http1_ ? Kind::kHttp1 : Kind::kAny).waiters.remove(waiter.link_);
}

void EndpointPool::connect(PoolWaiter& waiter) {
  const Kind kind = kindFor(waiter.demand_);
  const ClusterOptions& options = owner_.plan().options;
  const auto protocol = kind == Kind::kHttp1 ? http::VersionChoice::kHttp1 : options.protocol;
  auto* connection = new ClientConnection(tools_.loop, *this, protocol, options.http2);
  connection->record().http1_only = kind == Kind::kHttp1;
  connection->record().terms = tools_.totals.terms;
  connection->record().promised = promiseOf(kind);
  move(*connection, State::kConnecting);
  expect(waiter);
  const auto started = dial(*connection);
  if (!started.ok()) onConnectFailed(*connection, started.error());
}

Result<void> EndpointPool::dial(ClientConnection& connection) {
  const ClusterPlan& plan = owner_.plan();
  const Milliseconds timeout = plan.options.connect_timeout;
  if (plan.tls == nullptr) {
    return connection.connect(tools_.connector, endpoint.address, timeout);
  }
  const std::string_view only = connection.record().http1_only ? "http/1.1" : "";
  tls::Connector secured(tools_.loop, tools_.connector, plan.tls, sessions(), only);
  return connection.connect(secured, endpoint.address, timeout);
}

tls::SessionStore* EndpointPool::sessions() {
  if (sessions_ == nullptr) sessions_ = std::make_unique<tls::SessionStore>();
  return sessions_.get();
}

void EndpointPool::onReady(ClientConnection& connection) {
  learn(connection);
  limitLifetime(connection);
  connection.record().ready_in = pass_;
  owner_.onConnected(connection);
  if (connection.state() == State::kDraining) {
    connection.closeNow();
    return onConnectFailed(connection, kNoStreams);
  }
  place(connection);
  owner_.wantsPass(*this);
}

void EndpointPool::learn(ClientConnection& connection) {
  if (connection.record().http1_only) return;
  multiplexes_ = connection.multiplexes();
  takes_upgrades_ = connection.codec().takesUpgrades();
  most_ = connection.codec().most();
}

// Up to a tenth less than the maximum, so that connections made together do not end together; and
// no longer than the endpoint's certificate is valid.
void EndpointPool::limitLifetime(ClientConnection& connection) {
  const Milliseconds most = owner_.plan().options.max_connection_age;
  if (most.count() > 0) {
    const auto spread = static_cast<std::uint64_t>(most.count() / 10 + 1);
    const auto less = static_cast<std::int64_t>(tools_.random.below(spread));
    connection.limitLifetime(most - Milliseconds(less));
  }
  const net::PeerCertificate* const peer = connection.peer();
  if (peer == nullptr || peer->not_after.count() == 0) return;
  connection.limitLifetime(
      std::chrono::duration_cast<Milliseconds>(peer->not_after - wallClockNow()));
}

void EndpointPool::onConnectFailed(ClientConnection& connection, Error error) {
  owner_.onConnectFailed(error);
  const Kind kind = kindOf(connection);
  remove(connection);
  failExpected(kind, error);
}

void EndpointPool::onClosed(ClientConnection& connection) { remove(connection); }

// Fails the waiters for which no other connection is being established, the longest wait first.
void EndpointPool::failExpected(Kind kind, Error error) {
  Expected& line = expected(kind);
  std::size_t left = line.waiters.size() - std::min(line.waiters.size(), line.room);
  for (; left > 0 && !line.waiters.empty(); --left) {
    PoolWaiter& waiter = line.waiters.front()->waiter;
    cancelExpected(waiter);
    waiter.onAcquireFailed(error);
  }
}

void EndpointPool::pass() {
  serveExpected(Kind::kAny);
  serveExpected(Kind::kHttp1);
  ++pass_;
  if (retiring()) update();
}

void EndpointPool::serveExpected(Kind kind) {
  Expected& line = expected(kind);
  while (!line.waiters.empty()) {
    PoolWaiter& waiter = line.waiters.front()->waiter;
    ClientConnection* const connection = offer(waiter.demand_);
    const bool covered = line.waiters.size() <= line.room && kindFor(waiter.demand_) == kind;
    if (connection == nullptr && covered) return;
    cancelExpected(waiter);
    if (connection != nullptr) {
      give(waiter, *connection);
    } else if (++waiter.tries_ < kMostTries) {
      owner_.serveAgain(waiter);
    } else {
      waiter.onAcquireFailed(kNotServed);
    }
  }
}

bool EndpointPool::evictIdle() {
  while (!idle_.empty()) {
    ClientConnection& connection = idle_.back()->connection;
    if (connection.codec().idle()) {
      drop(connection);
      return true;
    }
    move(connection, stateOf(connection));  // it is being lent
  }
  return false;
}

void EndpointPool::forEach(void (EndpointPool::*visit)(ClientConnection& connection)) {
  ClientConnection* next = nullptr;
  for (ClientConnection* at = connections_.front(); at != nullptr; at = next) {
    next = at->next;
    (this->*visit)(*at);
  }
}

void EndpointPool::renew() {
  forEach(&EndpointPool::leave);
  multiplexes_ = takes_upgrades_ = std::nullopt;
  most_ = std::nullopt;
  if (anyoneWaits()) owner_.wantsPass(*this);
}

// Closes a connection that has not carried anything yet; any other takes no more exchanges.
void EndpointPool::leave(ClientConnection& connection) {
  if (connection.state() == State::kConnecting) return drop(connection);
  connection.drain();
  place(connection);
}

void EndpointPool::drop(ClientConnection& connection) {
  connection.closeNow();
  remove(connection);
}

void EndpointPool::countTunnels(int change) {
  PoolTotals& totals = tools_.totals;
  tunnels_ = change > 0 ? tunnels_ + 1 : tunnels_ - 1;
  totals.open = change > 0 ? totals.open + 1 : totals.open - 1;
  totals.open_gauge.add(change);
}

}  // namespace weir::upstream
