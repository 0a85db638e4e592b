#include "core/proxy/listener.h"

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "core/base/log.h"
#include "core/net/original_destination.h"
#include "core/net/tcp_stream.h"
#include "core/proxy/preread.h"
#include "core/proxy/server_connection.h"
#include "core/proxy/tunnel.h"
#include "core/tls/tls_stream.h"

namespace weir::proxy {
namespace {

// Longest time for judging open connections again in one turn, and the pause between two rounds.
constexpr Nanoseconds kRecheckSlice = std::chrono::milliseconds(2);
constexpr Milliseconds kRecheckPause{250};

// Formats a refusal as an HTTP/1.1 response.
std::string refusalOf(Reason reason, bool with_header) {
  const std::string word(toString(reason));
  const std::string body = "{\"status\":503,\"reason\":\"" + word + "\"}\n";
  std::string text =
      "HTTP/1.1 503 Service Unavailable\r\n"
      "content-type: application/json\r\n"
      "content-length: ";
  text += std::to_string(body.size());
  text +=
      "\r\n"
      "connection: close\r\n"
      "retry-after: 1\r\n"
      "server: weir\r\n";
  if (with_header) text += "x-weir-reason: " + word + "\r\n";
  return text + "\r\n" + body;
}

}  // namespace

Listener::Listener(Engine& engine, std::shared_ptr<const ListenerPlan> plan, const Counts& counts)
    : DownstreamOwner(engine, std::move(plan)),
      counts_(counts),
      stop_(engine.loop().wheel(), *this),
      recheck_next_(engine.loop().wheel(), *this) {
  makeMetrics();
}

Listener::Metrics Listener::metricsFor(TransportProtocol protocol) {
  MetricCells& cells = engine().metrics();
  return {cells.gauge(connectionsActiveKey(id(), protocol)),
          cells.counter(connectionsOpenedKey(id(), protocol)),
          cells.counter(connectionsClosedKey(id(), protocol, Reason::kNone))};
}

// Metrics of new connections. A connection that is passed through counts as plaintext.
void Listener::makeMetrics() {
  if (plan().servesPlaintext() || plan().peeks()) clear_ = metricsFor(TransportProtocol::kTcp);
  if (plan().tls != nullptr) secured_ = metricsFor(TransportProtocol::kTls);
}

Listener::~Listener() { closeAll(); }

Result<void> Listener::open(net::ListenSocket socket) {
  notePort(socket.address().port());
  WEIR_TRY(acceptor_,
           net::Acceptor::open(
               engine().loop(), std::move(socket),
               [this](int descriptor, const net::Address& peer) { onAccept(descriptor, peer); },
               [this] { countRefusal(Reason::kOverloadConnections); }));
  return {};
}

void Listener::close() {
  if (acceptor_ != nullptr) {
    acceptor_->dropNew();
    stop_.arm(kHandshakeGrace);
  }
  drain();
}

void Listener::setPlan(std::shared_ptr<const ListenerPlan> plan, std::uint64_t process_limit) {
  const bool other_terms = !plan->sharesTermsWith(this->plan());
  const bool other_policies = plan->authorize != this->plan().authorize;
  usePlan(std::move(plan));
  process_limit_ = process_limit;
  makeMetrics();
  if (other_terms) retire();
  beginRecheck({.certificates = other_terms, .policies = other_policies, .upstreams = true});
}

// A connection that becomes another object in the meantime is listed at the front.
void Listener::beginRecheck(const Recheck& changed) {
  recheck_.certificates |= changed.certificates;
  recheck_.policies |= changed.policies;
  recheck_.upstreams |= changed.upstreams;
  recheck_at_ = first_;
  if (first_ != nullptr) recheck_next_.arm(Milliseconds(0));
}

// A slice of the connections: a worker has other clients.
void Listener::recheckSome() {
  constexpr std::size_t kMost = 1'000;
  const Nanoseconds until = monotonicNow() + kRecheckSlice;
  for (std::size_t done = 0; recheck_at_ != nullptr; ++done) {
    if (done == kMost || (done % 8 == 7 && monotonicNow() > until)) {
      return recheck_next_.arm(Milliseconds(0));
    }
    DownstreamConnection& connection = *recheck_at_;
    recheck_at_ = connection.next;
    connection.judgeAgain(recheck_);
  }
  if (std::exchange(recheck_.postponed, false)) {
    recheck_at_ = first_;
    return recheck_next_.arm(kRecheckPause);
  }
  const Recheck done = std::exchange(recheck_, {});
  if (done.connections + done.streams == 0) return;
  log::info("listener " + std::string(plan().name) + ": " + std::to_string(done.connections) +
            " connections and " + std::to_string(done.streams) +
            " streams are no longer admitted: closed");
}

void Listener::onAccept(int descriptor, const net::Address& peer) {
  if (engine().loop().overload() >= event::Overload::kRefuseConnections) {
    return refuse(descriptor, peer, Reason::kOverloadMemory);
  }
  ConnectionFacts facts;
  facts.address = peer;
  if (plan().transparent.enabled && !intercept(descriptor, facts)) return;
  constexpr Reason kFull = Reason::kOverloadConnections;
  if (!counts_.process.tryAdd(process_limit_)) return refuse(descriptor, peer, kFull);
  if (!counts_.listener.tryAdd(plan().max_connections)) {
    counts_.process.remove();
    return refuse(descriptor, peer, kFull);
  }
  if (plan().tells_server && !facts.interception) facts.server = net::localAddressOf(descriptor);
  auto stream = net::TcpStream::adopt(engine().loop(), descriptor);
  if (stream.ok()) return receive(std::move(stream.value()), std::move(facts));
  uncount();
}

// A connection that was not redirected has this listener as its destination: forwarded there, it
// would come back.
bool Listener::intercept(int descriptor, ConnectionFacts& facts) {
  const auto destination = net::originalDestinationOf(descriptor, facts.address);
  if (!destination) {
    countIntercepted(Resolution::kRefused);
    logRefusal(facts.address, Reason::kNotRedirected);
    ::close(descriptor);
    return false;
  }
  PinnedPlan& pinned = engine().pin();
  auto meaning =
      engine().destinations().resolve(*destination, plan().transparent.original, *pinned.plan);
  engine().unpin(pinned);
  facts.server = *destination;
  if (!meaning.unresolved())
    countIntercepted(meaning.upstream == 0 ? Resolution::kEndpoint : meaning.resolution);
  facts.interception = std::make_shared<const Interception>(std::move(meaning));
  return true;
}

void Listener::uncount() {
  counts_.listener.remove();
  counts_.process.remove();
}

bool Listener::believesHeaderOf(const net::Address& peer) const {
  const auto& from = plan().proxy_protocol_from;
  return std::any_of(from.begin(), from.end(),
                     [&](const IpRange& range) { return range.contains(peer.ip()); });
}

void Listener::receive(std::unique_ptr<net::Stream> stream, ConnectionFacts facts) {
  bool has_header = plan().proxy_protocol != ProxyProtocol::kOff;
  if (has_header && !believesHeaderOf(facts.address)) {
    countProxyHeader(ProxyProtocolResult::kUntrusted);
    if (plan().proxy_protocol == ProxyProtocol::kRequired) return uncount();
    has_header = false;
  }
  if (!has_header && !plan().peeks()) return serve(secured(std::move(stream)), std::move(facts));
  auto* preread = new Preread(*this, std::move(stream), std::move(facts));
  list(*preread);
  preread->start(has_header);
}

void Listener::endPreread(DownstreamConnection& preread, const PrereadResult& result,
                          std::unique_ptr<net::Stream> stream, ConnectionFacts facts) {
  unlist(preread);
  switch (result.way) {
    case PrereadResult::Way::kSecured:
      return serve(secured(std::move(stream)), std::move(facts));
    case PrereadResult::Way::kClear:
      noteClear(facts.address.ip());
      return serve(std::move(stream), std::move(facts));
    case PrereadResult::Way::kPass:
      return carry(std::move(stream), std::move(facts), result.upstream);
    case PrereadResult::Way::kClosed:
      return uncount();
  }
}

void Listener::list(DownstreamConnection& connection) {
  connection.next = first_;
  if (first_ != nullptr) first_->previous = &connection;
  first_ = &connection;
  ++count_;
}

void Listener::unlist(DownstreamConnection& connection) {
  if (recheck_at_ == &connection) recheck_at_ = connection.next;
  (connection.previous == nullptr ? first_ : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --count_;
  engine().loop().destroyLater(std::unique_ptr<event::Disposable>(&connection));
}

std::unique_ptr<net::Stream> Listener::secured(std::unique_ptr<net::Stream> stream) {
  if (plan().tls == nullptr) return stream;
  return tls::TlsStream::accept(engine().loop(), std::move(stream), plan().tls);
}

void Listener::countRefusal(Reason reason) {
  const bool memory = reason == Reason::kOverloadMemory;
  const auto resource = memory ? LimitResource::kMemory : LimitResource::kConnections;
  engine().metrics().counter(limitRejectionsKey(LimitScope::kListener, resource)).add();
}

void Listener::logRefusal(const net::Address& peer, Reason reason) {
  if (!engine().records(reason, 0)) return;
  http::ExchangeRecord record;
  record.start = wallClockNow();
  record.method = http::Method::kOther;  // the request is unknown
  if (plan().tcp || reason == Reason::kNotRedirected) record.transport = http::kTcpTransport;
  if (!plan().tcp && reason != Reason::kNotRedirected) record.status = 503;
  record.reason = reason;
  std::array<char, IpAddress::kMaxText> text{};
  record.client_address = peer.ip().formatClient(text);
  record.listener = plan().name;
  engine().record(record);
}

// Sends a reply with the reason instead of leaving the connection waiting.
void Listener::refuse(int descriptor, const net::Address& peer, Reason reason) {
  countRefusal(reason);
  logRefusal(peer, reason);
  if (plan().tcp) {
    ::close(descriptor);
    return;
  }
  engine().metrics().counter(localRepliesKey(id(), 0, 503, reason)).add();
  const std::string reply = refusalOf(reason, plan().reason_header);
  // Best effort: a fresh socket has enough buffer space.
  [[maybe_unused]] const auto sent =
      ::send(descriptor, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(descriptor, SHUT_WR);
  // Unread data would turn the close into a reset, and the client would lose the reply.
  char unread[4096];
  [[maybe_unused]] const auto read = ::recv(descriptor, unread, sizeof unread, MSG_DONTWAIT);
  ::close(descriptor);
}

void Listener::countOpened(const net::Stream& stream) {
  const Metrics& meters = metricsOf(stream.security() != nullptr);
  meters.active.add(1);
  meters.opened.add();
}

NameId Listener::upstreamFor(const ConnectionFacts& facts) const {
  const bool known = facts.interception != nullptr && facts.interception->upstream != 0;
  return known ? facts.interception->upstream : plan().upstream;
}

void Listener::serve(std::unique_ptr<net::Stream> stream, ConnectionFacts facts) {
  const NameId upstream = upstreamFor(facts);
  if (plan().tcp) return carry(std::move(stream), std::move(facts), upstream);
  countOpened(*stream);
  if (upstream == 0 && !facts.interception) return serveHttp(std::move(stream), facts);
  auto* tunnel = new Tunnel(*this, std::move(stream), std::move(facts), {upstream, true});
  list(*tunnel);
  tunnel->start();
}

void Listener::carry(std::unique_ptr<net::Stream> stream, ConnectionFacts facts, NameId upstream) {
  countOpened(*stream);
  auto* tunnel = new Tunnel(*this, std::move(stream), std::move(facts), {upstream, false});
  list(*tunnel);
  tunnel->start();
}

void Listener::serveHttp(std::unique_ptr<net::Stream> stream, const ConnectionFacts& facts) {
  auto* connection = new ServerConnection(*this, std::move(stream), facts);
  list(*connection);
  connection->start();
}

void Listener::speakHttp(DownstreamConnection& tunnel, std::unique_ptr<net::Stream> stream,
                         const ConnectionFacts& facts) {
  unlist(tunnel);
  if (recheck_at_ != nullptr) recheck_.postponed = true;
  serveHttp(std::move(stream), facts);
}

void Listener::remove(DownstreamConnection& connection, bool secured, Reason reason) {
  const Metrics& meters = metricsOf(secured);
  meters.active.add(-1);
  if (reason == Reason::kNone) {
    meters.closed.add();
  } else {
    const auto protocol = secured ? TransportProtocol::kTls : TransportProtocol::kTcp;
    engine().metrics().counter(connectionsClosedKey(id(), protocol, reason)).add();
  }
  uncount();
  unlist(connection);
}

void Listener::drain() {
  noteDraining();
  for (DownstreamConnection* at = first_; at != nullptr;) {
    DownstreamConnection* next = at->next;
    at->drain();
    at = next;
  }
}

void Listener::retire() {
  for (DownstreamConnection* at = first_; at != nullptr;) {
    DownstreamConnection* next = at->next;
    at->retire();
    at = next;
  }
}

void Listener::closeAll() {
  acceptor_ = nullptr;
  while (first_ != nullptr) first_->closeNow();
}

}  // namespace weir::proxy
