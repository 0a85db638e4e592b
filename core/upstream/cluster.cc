#include "core/upstream/cluster.h"

#include <algorithm>
#include <functional>

#include "core/base/check.h"
#include "core/tls/connector.h"

namespace weir::upstream {
namespace {

// How often waiting exchanges look whether another worker gave a connection back.
constexpr Milliseconds kWaitTick{10};

constexpr Error kNoPlace = {ErrorCode::kExhausted, Origin::kLocal, "connection limit"};
constexpr Error kQueueFull = {ErrorCode::kExhausted, Origin::kLocal, "connection queue full"};
constexpr Error kQueueTimeout = {ErrorCode::kTimeout, Origin::kLocal, "waited for a connection"};

}  // namespace

bool operator==(const ClusterOptions& left, const ClusterOptions& right) {
  return left.connect_timeout == right.connect_timeout && left.idle_timeout == right.idle_timeout &&
         left.max_connections == right.max_connections && left.max_pending == right.max_pending &&
         left.queue_timeout == right.queue_timeout && left.protocol == right.protocol &&
         left.http2 == right.http2 && left.proxy_protocol == right.proxy_protocol;
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
  serve(static_cast<Slot&>(member), borrower, fresh);
}

// A connection that is there, else one that is on its way and takes many, else one more.
void Cluster::serve(Slot& slot, Borrower& borrower, bool fresh) {
  if (slot.free_first != nullptr && !fresh) return give(borrower, *slot.free_first, true);
  if (!joinConnecting(slot, borrower)) open(slot, borrower);
}

bool Cluster::isListed(const ClientConnection& connection) {
  return connection.previous != nullptr || slotOf(connection).free_first == &connection;
}

void Cluster::list(ClientConnection& connection) {
  Slot& slot = slotOf(connection);
  connection.next = slot.free_first;
  connection.previous = nullptr;
  if (slot.free_first != nullptr) slot.free_first->previous = &connection;
  slot.free_first = &connection;
}

void Cluster::unlist(ClientConnection& connection) {
  if (!isListed(connection)) return;
  Slot& slot = slotOf(connection);
  (connection.previous == nullptr ? slot.free_first : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  connection.next = connection.previous = nullptr;
}

void Cluster::setIdle(ClientConnection& connection, bool idle) {
  if (connection.countedIdle() == idle) return;
  connection.setCountedIdle(idle);
  if (idle) {
    ++idle_;
    meters_.idle.add(1);
    connection.armIdle(plan_->options.idle_timeout);
  } else {
    --idle_;
    meters_.idle.add(-1);
    connection.disarmIdle();
  }
}

ClientConnection* Cluster::findIdle(const Slot& slot) {
  ClientConnection* at = slot.free_first;
  while (at != nullptr && !at->countedIdle()) at = at->next;
  return at;
}

void Cluster::give(Borrower& borrower, ClientConnection& connection, bool reused) {
  if (reused) meters_.reused.add();
  unlist(connection);
  setIdle(connection, false);
  borrower.wanted_ = nullptr;
  borrower.connecting_ = nullptr;
  borrower.onLent({connection.codec(), connection.peer(), reused});
  if (connection.multiplexes()) onFree(connection);
}

// Until it is known, hope: a wrong guess costs one handshake's time, once.
bool Cluster::mayMultiplex(const Slot& slot) const {
  const http::VersionChoice protocol = plan_->options.protocol;
  if (protocol != http::VersionChoice::kAuto) return protocol == http::VersionChoice::kHttp2;
  return slot.multiplexes.value_or(plan_->tls != nullptr);
}

// What multiplexes is opened once for all who ask before it is there.
bool Cluster::joinConnecting(Slot& slot, Borrower& borrower) {
  if (slot.connecting == nullptr || slot.expected >= plan_->options.http2.max_streams) return false;
  ++slot.expected;
  borrower.connecting_ = slot.connecting;
  Borrower** last = &connecting_[slot.connecting];
  while (*last != nullptr) last = &(*last)->next_waiting_;
  *last = &borrower;
  borrower.next_waiting_ = nullptr;
  return true;
}

// Counts one more connection, unless there are as many as there may be.
bool Cluster::takePlace(Slot& slot) {
  const std::uint32_t limit = plan_->options.max_connections;
  event::SharedCount& count = *plan_->connections;
  if (!count.tryAdd(limit) && (!makeRoom() || !count.tryAdd(limit))) return false;
  ++slot.connections;
  ++open_;
  meters_.active.add(1);
  return true;
}

void Cluster::freePlace(Slot& slot) {
  --slot.connections;
  --open_;
  meters_.active.add(-1);
  plan_->connections->remove();
  if (waiting_first_ != nullptr) wait_tick_.arm(Milliseconds(0));
}

void Cluster::open(Slot& slot, Borrower& borrower) {
  if (!takePlace(slot)) return wait(borrower);
  const ClusterOptions& options = plan_->options;
  auto* connection = new ClientConnection(tools_.loop, *this, options.protocol, options.http2);
  connection->setLender(&slot);
  const auto started = connect(*connection, slot);
  borrower.connecting_ = connection;
  borrower.next_waiting_ = nullptr;
  connecting_.emplace(connection, &borrower);
  if (!started.ok()) return onConnectFailed(*connection, started.error());
  if (!mayMultiplex(slot)) return;
  slot.connecting = connection;
  slot.expected = 1;
}

Result<void> Cluster::connect(ClientConnection& connection, Slot& slot) {
  const net::Address& to = slot.endpoint.address;
  const Milliseconds timeout = plan_->options.connect_timeout;
  if (plan_->tls == nullptr) return connection.connect(tools_.connector, to, timeout);
  if (slot.sessions == nullptr) slot.sessions = std::make_unique<tls::SessionStore>();
  tls::Connector secured(tools_.loop, tools_.connector, plan_->tls, slot.sessions.get());
  return connection.connect(secured, to, timeout);
}

Borrower* Cluster::takeExpecting(ClientConnection& connection) {
  Slot& slot = slotOf(connection);
  if (slot.connecting == &connection) slot.connecting = nullptr;
  const auto found = connecting_.find(&connection);
  Borrower* first = found->second;
  connecting_.erase(found);
  return first;
}

void Cluster::onConnected(ClientConnection& connection) {
  meters_.connect.observe(monotonicNow() - connection.connectStarted());
  slotOf(connection).multiplexes = connection.multiplexes();
  if (connection.peer() != nullptr) countMtls(MtlsResult::kOk);
  Borrower* borrower = takeExpecting(connection);
  if (borrower == nullptr) return onFree(connection);
  bool first = true;
  while (borrower != nullptr) {
    Borrower* next = std::exchange(borrower->next_waiting_, nullptr);
    borrower->connecting_ = nullptr;
    const bool room = connection.open() && connection.codec().free() > 0;
    if (std::exchange(first, false) || room) {
      give(*borrower, connection, false);
    } else {
      serve(slotOf(connection), *borrower, false);
    }
    borrower = next;
  }
}

void Cluster::onConnectFailed(ClientConnection& connection, Error error) {
  countFailure(error.code);
  Slot& slot = slotOf(connection);
  Borrower* borrower = takeExpecting(connection);
  forget(connection);
  if (borrower == nullptr) return dropIfUnused(slot);
  while (borrower != nullptr) {
    Borrower* next = std::exchange(borrower->next_waiting_, nullptr);
    borrower->connecting_ = nullptr;
    borrower->onLendFailed(error);
    borrower = next;
  }
}

void Cluster::countFailure(ErrorCode code) {
  ConnectFailure failure = ConnectFailure::kUnreachable;
  if (code == ErrorCode::kRefused) failure = ConnectFailure::kRefused;
  if (code == ErrorCode::kTimeout) failure = ConnectFailure::kTimeout;
  if (code == ErrorCode::kTls) {
    failure = ConnectFailure::kTls;
    countMtls(MtlsResult::kFailed);
  }
  if (code == ErrorCode::kReset || code == ErrorCode::kClosed) failure = ConnectFailure::kReset;
  tools_.metrics.counter(upstreamConnectionFailuresKey(plan_->id, failure)).add();
}

void Cluster::countMtls(MtlsResult result) {
  if (plan_->tls == nullptr || plan_->tls->options().own == nullptr) return;
  tools_.metrics.counter(mtlsConnectionsKey(Direction::kOutbound, plan_->id, result)).add();
}

void Cluster::onFlushing(ClientConnection& connection) {
  unlist(connection);
  setIdle(connection, false);
  flushing_.insert(&connection);
}

void Cluster::onClosed(ClientConnection& connection) {
  Slot& slot = slotOf(connection);
  unlist(connection);
  setIdle(connection, false);
  flushing_.erase(&connection);
  forget(connection);
  dropIfUnused(slot);
}

// The connection is closed: its place is free for another.
void Cluster::forget(ClientConnection& connection) {
  connection.closeNow();
  freePlace(slotOf(connection));
  tools_.loop.destroyLater(std::unique_ptr<event::Disposable>(&connection));
}

Result<std::unique_ptr<net::Stream>> Cluster::dial(Member& member, std::string_view first) {
  auto& slot = static_cast<Slot&>(member);
  if (!takePlace(slot)) {
    constexpr auto kKey = limitRejectionsKey(LimitScope::kUpstream, LimitResource::kConnections);
    tools_.metrics.counter(kKey).add();
    return kNoPlace;
  }
  ++slot.in_flight;
  auto stream = dialSlot(slot, first);
  if (stream.ok()) return stream;
  Error error = stream.error();
  error.origin = Origin::kUpstream;  // whoever told it: the endpoint was not reached
  hangUp(member);
  return error;
}

Result<std::unique_ptr<net::Stream>> Cluster::dialSlot(Slot& slot, std::string_view first) {
  WEIR_TRY(auto wire, tools_.connector.connect(slot.endpoint.address));
  if (!first.empty()) wire->write(asBytes(first));
  if (plan_->tunnel_tls == nullptr) return wire;
  if (slot.sessions == nullptr) slot.sessions = std::make_unique<tls::SessionStore>();
  return tls::TlsStream::connect(tools_.loop, std::move(wire), plan_->tunnel_tls,
                                 slot.sessions.get());
}

void Cluster::hangUp(Member& member) {
  freePlace(static_cast<Slot&>(member));
  done(member);
}

// Puts a connection where others find it, for as long as it takes another exchange.
void Cluster::onFree(ClientConnection& connection) {
  if (!connection.open()) return;
  const Slot& slot = slotOf(connection);
  const bool idle = connection.codec().idle();
  if (idle && (!slot.listed || leaving_)) return onClosed(connection);
  setIdle(connection, idle);
  if (connection.codec().free() == 0 || !slot.listed || leaving_) return unlist(connection);
  if (!isListed(connection)) list(connection);
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
    if (wanted->free_first == nullptr && idle_ == 0 && atLimit()) return;
    unlinkWaiting(borrower);
    meters_.pool_wait.observe(monotonicNow() - borrower.asked_at_);
    serve(*wanted, borrower, false);
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
  ClientConnection* connection = std::exchange(borrower.connecting_, nullptr);
  if (connection == nullptr) return;
  // The connection is on its way and will serve somebody else.
  Borrower** at = &connecting_[connection];
  while (*at != &borrower) at = &(*at)->next_waiting_;
  *at = std::exchange(borrower.next_waiting_, nullptr);
  Slot& slot = slotOf(*connection);
  if (slot.connecting == connection) --slot.expected;
}

void Cluster::closeIdle(Slot& slot) {
  while (ClientConnection* connection = findIdle(slot)) closeIdle(*connection);
}

void Cluster::closeIdle(ClientConnection& connection) {
  unlist(connection);
  setIdle(connection, false);
  forget(connection);
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
    ClientConnection* connection = findIdle(*slot);
    if (connection == nullptr) continue;
    closeIdle(*connection);
    return true;
  }
  return false;
}

}  // namespace weir::upstream
