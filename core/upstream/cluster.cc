#include "core/upstream/cluster.h"

#include <algorithm>
#include <functional>

#include "core/base/check.h"
#include "core/tls/connector.h"

namespace weir::upstream {
namespace {

// How often waiting exchanges look whether another worker gave a connection back.
constexpr Milliseconds kWaitTick{10};

constexpr Error kQueueFull = {ErrorCode::kExhausted, Origin::kLocal, "connection queue full"};
constexpr Error kQueueTimeout = {ErrorCode::kTimeout, Origin::kLocal, "waited for a connection"};

}  // namespace

bool operator==(const ClusterOptions& left, const ClusterOptions& right) {
  return left.connect_timeout == right.connect_timeout && left.idle_timeout == right.idle_timeout &&
         left.max_connections == right.max_connections && left.max_pending == right.max_pending &&
         left.queue_timeout == right.queue_timeout;
}

std::size_t Cluster::AddressHash::operator()(const net::Address& address) const {
  if (address.isUnix()) return std::hash<std::string>()(address.path());
  const auto& bytes = address.ip().bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::hash<std::string_view>()(text) * 31 + address.port();
}

Cluster::Cluster(const Tools& tools, std::shared_ptr<const ClusterPlan> plan)
    : tools_(tools), plan_(std::move(plan)), wait_tick_(tools.loop.wheel(), *this) {
  MetricCells& cells = tools_.metrics;
  meters_.active = cells.gauge(upstreamConnectionsActiveKey(plan_->id));
  meters_.idle = cells.gauge(upstreamConnectionsIdleKey(plan_->id));
  meters_.reused = cells.counter(upstreamReusedConnectionsKey(plan_->id));
  meters_.connect = cells.histogram(upstreamConnectDurationKey(plan_->id, false));
  meters_.pool_wait = cells.histogram(upstreamPoolWaitKey(plan_->id));
  meters_.queue_depth = cells.gauge(upstreamQueueDepthKey(plan_->id));
  balancer_ = plan_->balancer(tools_.random);
}

Cluster::~Cluster() {
  closeIdle();
  while (!connecting_.empty()) {
    ClientConnection* connection = connecting_.begin()->first;
    connecting_.erase(connecting_.begin());
    forget(*connection);
  }
  for (ClientConnection* connection : flushing_) forget(*connection);
  WEIR_CHECK(open_ == 0);
}

void Cluster::configure(std::shared_ptr<const ClusterPlan> plan) {
  const auto old = std::exchange(plan_, std::move(plan));
  if (old->balancer == plan_->balancer) return;
  balancer_ = plan_->balancer(tools_.random);
  refreshMembers();
}

void Cluster::setEndpoints(SharedEndpoints endpoints) {
  if (endpoints == endpoints_) return;
  endpoints_ = std::move(endpoints);
  for (auto& [address, slot] : slots_) slot->listed = false;
  for (const Endpoint& endpoint : endpoints_->endpoints) {
    auto& slot = slots_[endpoint.address];
    if (slot == nullptr) slot = std::make_unique<Slot>();
    slot->endpoint = endpoint;
    slot->listed = true;
  }
  refreshMembers();
  std::vector<Slot*> gone;
  for (auto& [address, slot] : slots_) {
    if (!slot->listed) gone.push_back(slot.get());
  }
  for (Slot* slot : gone) {
    closeIdle(*slot);
    dropIfUnused(*slot);
  }
}

void Cluster::refreshMembers() {
  if (endpoints_ == nullptr) return;
  std::vector<Member*> members;
  members.reserve(endpoints_->endpoints.size());
  // In discovery's order, so that every worker and every reload sees the same.
  for (const Endpoint& endpoint : endpoints_->endpoints) {
    if (endpoint.weight > 0) members.push_back(slots_.at(endpoint.address).get());
  }
  balancer_->setMembers(members);
}

Cluster::Slot& Cluster::slotOf(const ClientConnection& connection) {
  return *static_cast<Slot*>(connection.lender());
}

void Cluster::lend(Member& member, Borrower& borrower, bool fresh) {
  ++member.in_flight;
  borrower.wanted_ = &member;
  borrower.connecting_ = nullptr;
  auto& slot = static_cast<Slot&>(member);
  ClientConnection* connection = fresh ? nullptr : takeIdle(slot);
  if (connection != nullptr) return give(borrower, *connection, true);
  open(slot, borrower);
}

ClientConnection* Cluster::takeIdle(Slot& slot) {
  ClientConnection* connection = slot.idle_first;
  if (connection == nullptr) return nullptr;
  unlinkIdle(slot, *connection);
  connection->disarmIdle();
  return connection;
}

void Cluster::unlinkIdle(Slot& slot, ClientConnection& connection) {
  (connection.previous == nullptr ? slot.idle_first : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  connection.next = connection.previous = nullptr;
  --idle_;
  meters_.idle.add(-1);
}

void Cluster::unlinkIfIdle(ClientConnection& connection) {
  Slot& slot = slotOf(connection);
  const bool idle = connection.previous != nullptr || slot.idle_first == &connection;
  if (idle) unlinkIdle(slot, connection);
}

void Cluster::give(Borrower& borrower, ClientConnection& connection, bool reused) const {
  if (reused) meters_.reused.add();
  borrower.wanted_ = nullptr;
  borrower.connecting_ = nullptr;
  borrower.onLent({connection.codec(), reused});
}

void Cluster::open(Slot& slot, Borrower& borrower) {
  const std::uint32_t limit = plan_->options.max_connections;
  if (!plan_->connections->tryAdd(limit)) {
    if (!makeRoom() || !plan_->connections->tryAdd(limit)) return wait(borrower);
  }
  auto* connection = new ClientConnection(tools_.loop, *this, plan_->options.limits);
  connection->setLender(&slot);
  ++slot.connections;
  ++open_;
  meters_.active.add(1);
  const auto started = connect(*connection, slot);
  connection->next = nullptr;
  borrower.connecting_ = connection;
  connecting_.emplace(connection, &borrower);
  if (!started.ok()) onConnectFailed(*connection, started.error());
}

Result<void> Cluster::connect(ClientConnection& connection, Slot& slot) {
  const net::Address& to = slot.endpoint.address;
  const Milliseconds timeout = plan_->options.connect_timeout;
  if (plan_->tls == nullptr) return connection.connect(tools_.connector, to, timeout);
  if (slot.sessions == nullptr) slot.sessions = std::make_unique<tls::SessionStore>();
  tls::Connector secured(tools_.loop, tools_.connector, plan_->tls, slot.sessions.get());
  return connection.connect(secured, to, timeout);
}

void Cluster::onConnected(ClientConnection& connection) {
  meters_.connect.observe(monotonicNow() - connection.connectStarted());
  const auto found = connecting_.find(&connection);
  Borrower* borrower = found->second;
  connecting_.erase(found);
  if (borrower == nullptr) return onIdle(connection);
  give(*borrower, connection, false);
}

void Cluster::onConnectFailed(ClientConnection& connection, Error error) {
  countFailure(error.code);
  const auto found = connecting_.find(&connection);
  Borrower* borrower = found->second;
  connecting_.erase(found);
  forget(connection);
  if (borrower == nullptr) return dropIfUnused(slotOf(connection));
  borrower->connecting_ = nullptr;
  borrower->onLendFailed(error);
}

void Cluster::countFailure(ErrorCode code) {
  ConnectFailure failure = ConnectFailure::kUnreachable;
  if (code == ErrorCode::kRefused) failure = ConnectFailure::kRefused;
  if (code == ErrorCode::kTimeout) failure = ConnectFailure::kTimeout;
  if (code == ErrorCode::kTls) failure = ConnectFailure::kTls;
  if (code == ErrorCode::kReset || code == ErrorCode::kClosed) failure = ConnectFailure::kReset;
  tools_.metrics.counter(upstreamConnectionFailuresKey(plan_->id, failure)).add();
}

void Cluster::onFlushing(ClientConnection& connection) {
  unlinkIfIdle(connection);
  flushing_.insert(&connection);
}

void Cluster::onClosed(ClientConnection& connection) {
  Slot& slot = slotOf(connection);
  unlinkIfIdle(connection);
  flushing_.erase(&connection);
  forget(connection);
  dropIfUnused(slot);
}

// The connection is closed: its place is free for another.
void Cluster::forget(ClientConnection& connection) {
  connection.closeNow();
  --slotOf(connection).connections;
  --open_;
  meters_.active.add(-1);
  plan_->connections->remove();
  tools_.loop.destroyLater(std::unique_ptr<event::Disposable>(&connection));
  if (waiting_first_ != nullptr) wait_tick_.arm(Milliseconds(0));
}

void Cluster::onIdle(ClientConnection& connection) {
  Slot& slot = slotOf(connection);
  if (!slot.listed || leaving_) return onClosed(connection);
  connection.next = slot.idle_first;
  connection.previous = nullptr;
  if (slot.idle_first != nullptr) slot.idle_first->previous = &connection;
  slot.idle_first = &connection;
  ++idle_;
  meters_.idle.add(1);
  connection.armIdle(plan_->options.idle_timeout);
  if (waiting_first_ != nullptr) serveWaiting();
}

void Cluster::done(Member& member) {
  --member.in_flight;
  dropIfUnused(static_cast<Slot&>(member));
}

void Cluster::dropIfUnused(Slot& slot) {
  if (slot.listed || slot.in_flight > 0 || slot.connections > 0) return;
  slots_.erase(slots_.find(slot.endpoint.address));
}

void Cluster::wait(Borrower& borrower) {
  if (waiting_count_ >= plan_->options.max_pending) return borrower.onLendFailed(kQueueFull);
  borrower.waiting_ = true;
  borrower.asked_at_ = monotonicNow();
  borrower.next_waiting_ = nullptr;
  (waiting_last_ == nullptr ? waiting_first_ : waiting_last_->next_waiting_) = &borrower;
  waiting_last_ = &borrower;
  ++waiting_count_;
  meters_.queue_depth.add(1);
  if (!wait_tick_.armed()) wait_tick_.arm(kWaitTick);
}

void Cluster::unlinkWaiting(Borrower& borrower) {
  Borrower* before = nullptr;
  for (Borrower* at = waiting_first_; at != &borrower; at = at->next_waiting_) before = at;
  (before == nullptr ? waiting_first_ : before->next_waiting_) = borrower.next_waiting_;
  if (waiting_last_ == &borrower) waiting_last_ = before;
  borrower.waiting_ = false;
  --waiting_count_;
  meters_.queue_depth.add(-1);
}

bool Cluster::atLimit() const {
  const std::uint32_t limit = plan_->options.max_connections;
  return limit != 0 && plan_->connections->value() >= limit;
}

// Whoever waited longest is served first.
void Cluster::serveWaiting() {
  while (waiting_first_ != nullptr) {
    Borrower& borrower = *waiting_first_;
    auto* wanted = static_cast<Slot*>(borrower.wanted_);
    if (wanted->idle_first == nullptr && idle_ == 0 && atLimit()) return;
    unlinkWaiting(borrower);
    meters_.pool_wait.observe(monotonicNow() - borrower.asked_at_);
    if (ClientConnection* connection = takeIdle(*wanted)) {
      give(borrower, *connection, true);
    } else {
      open(*wanted, borrower);
    }
  }
}

void Cluster::onWaitTick() {
  const Nanoseconds now = monotonicNow();
  while (waiting_first_ != nullptr &&
         now - waiting_first_->asked_at_ >= plan_->options.queue_timeout) {
    Borrower& late = *waiting_first_;
    unlinkWaiting(late);
    late.onLendFailed(kQueueTimeout);
  }
  serveWaiting();
  if (waiting_first_ != nullptr) wait_tick_.arm(kWaitTick);
}

void Cluster::cancel(Borrower& borrower) {
  if (borrower.waiting_) unlinkWaiting(borrower);
  // A connection that is on its way will serve somebody else.
  if (borrower.connecting_ != nullptr) connecting_[borrower.connecting_] = nullptr;
  borrower.connecting_ = nullptr;
}

void Cluster::closeIdle(Slot& slot) {
  while (slot.idle_first != nullptr) {
    ClientConnection& connection = *slot.idle_first;
    unlinkIdle(slot, connection);
    forget(connection);
  }
}

// The members stay: exchanges in flight may still pick one for another try.
void Cluster::closeIdle() {
  leaving_ = true;
  for (auto& [address, slot] : slots_) closeIdle(*slot);
}

// At the limit, a connection that nobody uses makes room for one that is wanted.
bool Cluster::makeRoom() {
  if (idle_ == 0) return false;
  for (auto& [address, slot] : slots_) {
    if (slot->idle_first == nullptr) continue;
    ClientConnection& connection = *slot->idle_first;
    unlinkIdle(*slot, connection);
    forget(connection);
    return true;
  }
  return false;
}

}  // namespace weir::upstream
