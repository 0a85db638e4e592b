#include "core/proxy/gate.h"

#include <sys/socket.h>
#include <unistd.h>

#include "core/net/tcp_stream.h"
#include "core/proxy/server_connection.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "content-type: application/json\r\n"
    "content-length: 47\r\n"
    "connection: close\r\n"
    "retry-after: 1\r\n"
    "server: weir\r\n"
    "\r\n"
    "{\"status\":503,\"reason\":\"overload_connections\"}\n";

}  // namespace

Gate::Gate(Engine& engine, std::shared_ptr<const ListenerPlan> plan, const Counts& counts)
    : engine_(engine), plan_(std::move(plan)), counts_(counts) {
  MetricCells& cells = engine_.metrics();
  meters_.in_flight = cells.gauge(requestsInFlightKey(id()));
  meters_.active = cells.gauge(connectionsActiveKey(id(), TransportProtocol::kTcp));
  meters_.opened = cells.counter(connectionsOpenedKey(id(), TransportProtocol::kTcp));
  meters_.closed =
      cells.counter(connectionsClosedKey(id(), TransportProtocol::kTcp, Reason::kNone));
}

Gate::~Gate() { breakAll(); }

void Gate::open(net::ListenSocket socket) {
  acceptor_ = std::make_unique<net::Acceptor>(
      engine_.loop(), std::move(socket),
      [this](int descriptor, const net::Address& peer) { onAccept(descriptor, peer); },
      [this] { countRefusal(); });
}

void Gate::close() {
  acceptor_ = nullptr;
  drain();
}

void Gate::setPlan(std::shared_ptr<const ListenerPlan> plan, std::uint64_t process_limit) {
  plan_ = std::move(plan);
  process_limit_ = process_limit;
}

void Gate::onAccept(int descriptor, const net::Address& peer) {
  if (!counts_.process.tryAdd(process_limit_)) return refuse(descriptor);
  if (!counts_.listener.tryAdd(plan_->max_connections)) {
    counts_.process.remove();
    return refuse(descriptor);
  }
  auto stream = net::TcpStream::adopt(engine_.loop(), descriptor);
  if (stream.ok()) return serve(std::move(stream.value()), peer);
  counts_.listener.remove();
  counts_.process.remove();
}

void Gate::countRefusal() {
  constexpr auto kKey = limitRejectionsKey(LimitScope::kListener, LimitResource::kConnections);
  engine_.metrics().counter(kKey).add();
}

// A refusal that says why, instead of a connection that hangs.
void Gate::refuse(int descriptor) {
  countRefusal();
  engine_.metrics().counter(localRepliesKey(id(), 0, 503, Reason::kOverloadConnections)).add();
  // Best effort: a fresh socket has room for this much.
  [[maybe_unused]] const auto sent =
      ::send(descriptor, kFullReply.data(), kFullReply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(descriptor, SHUT_WR);
  // What the client sent already would turn the close into a reset that eats the reply.
  char unread[4096];
  [[maybe_unused]] const auto read = ::recv(descriptor, unread, sizeof unread, MSG_DONTWAIT);
  ::close(descriptor);
}

void Gate::serve(std::unique_ptr<net::Stream> stream, const net::Address& peer) {
  auto* connection = new ServerConnection(*this, std::move(stream), peer);
  connection->next = first_;
  if (first_ != nullptr) first_->previous = connection;
  first_ = connection;
  ++count_;
  meters_.active.add(1);
  meters_.opened.add();
  connection->start();
}

void Gate::remove(ServerConnection& connection) {
  (connection.previous == nullptr ? first_ : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --count_;
  meters_.active.add(-1);
  meters_.closed.add();
  counts_.listener.remove();
  counts_.process.remove();
  engine_.loop().destroyLater(std::unique_ptr<event::Disposable>(&connection));
}

void Gate::drain() {
  draining_ = true;
  for (ServerConnection* at = first_; at != nullptr;) {
    ServerConnection* next = at->next;
    at->drain();
    at = next;
  }
}

void Gate::breakAll() {
  acceptor_ = nullptr;
  while (first_ != nullptr) first_->breakNow();
}

}  // namespace weir::proxy
