#include "core/proxy/gate.h"

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net/tcp_stream.h"
#include "core/proxy/preamble.h"
#include "core/proxy/server_connection.h"
#include "core/tls/tls_stream.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kFullHead =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "content-type: application/json\r\n"
    "content-length: 47\r\n"
    "connection: close\r\n"
    "retry-after: 1\r\n"
    "server: weir\r\n";
constexpr std::string_view kFullReason = "x-weir-reason: overload_connections\r\n";
constexpr std::string_view kFullBody = "\r\n{\"status\":503,\"reason\":\"overload_connections\"}\n";

}  // namespace

Gate::Gate(Engine& engine, std::shared_ptr<const ListenerPlan> plan, const Counts& counts)
    : engine_(engine), plan_(std::move(plan)), counts_(counts) {
  in_flight_ = engine_.metrics().gauge(requestsInFlightKey(id()));
  makeMeters();
}

// For connections to come.
void Gate::makeMeters() {
  MetricCells& cells = engine_.metrics();
  const bool clear = plan_->tls == nullptr;
  const auto protocol = clear ? TransportProtocol::kTcp : TransportProtocol::kTls;
  Meters& meters = clear ? clear_ : secured_;
  meters.active = cells.gauge(connectionsActiveKey(id(), protocol));
  meters.opened = cells.counter(connectionsOpenedKey(id(), protocol));
  meters.closed = cells.counter(connectionsClosedKey(id(), protocol, Reason::kNone));
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
  makeMeters();
}

void Gate::onAccept(int descriptor, const net::Address& peer) {
  if (!counts_.process.tryAdd(process_limit_)) return refuse(descriptor, peer);
  if (!counts_.listener.tryAdd(plan_->max_connections)) {
    counts_.process.remove();
    return refuse(descriptor, peer);
  }
  auto stream = net::TcpStream::adopt(engine_.loop(), descriptor);
  if (stream.ok()) return receive(std::move(stream.value()), peer);
  uncount();
}

void Gate::uncount() {
  counts_.listener.remove();
  counts_.process.remove();
}

void Gate::receive(std::unique_ptr<net::Stream> stream, const net::Address& peer) {
  if (plan_->proxy_protocol == ProxyProtocol::kOff) return serve(secured(std::move(stream)), peer);
  const auto& from = plan_->proxy_protocol_from;
  const bool trusted = std::any_of(from.begin(), from.end(), [&](const route::IpRange& range) {
    return range.contains({peer.ip().bytes()});
  });
  if (!trusted) {
    countProxyHeader(ProxyProtocolResult::kUntrusted);
    if (plan_->proxy_protocol == ProxyProtocol::kRequired) return uncount();
    return serve(secured(std::move(stream)), peer);
  }
  auto* preamble = new Preamble(*this, std::move(stream), peer);
  preamble->next = first_preamble_;
  if (first_preamble_ != nullptr) first_preamble_->previous = preamble;
  first_preamble_ = preamble;
  ++preamble_count_;
  preamble->start();
}

void Gate::countProxyHeader(ProxyProtocolResult result) {
  engine_.metrics().counter(proxyProtocolHeadersKey(id(), result)).add();
}

void Gate::endPreamble(Preamble& preamble, ProxyProtocolResult result,
                       std::unique_ptr<net::Stream> stream, const net::Address& client) {
  countProxyHeader(result);
  remove(preamble);
  if (stream == nullptr) return uncount();
  serve(secured(std::move(stream)), client);
}

void Gate::remove(Preamble& preamble) {
  (preamble.previous == nullptr ? first_preamble_ : preamble.previous->next) = preamble.next;
  if (preamble.next != nullptr) preamble.next->previous = preamble.previous;
  --preamble_count_;
  engine_.loop().destroyLater(std::unique_ptr<event::Disposable>(&preamble));
}

std::unique_ptr<net::Stream> Gate::secured(std::unique_ptr<net::Stream> stream) {
  if (plan_->tls == nullptr) return stream;
  return tls::TlsStream::accept(engine_.loop(), std::move(stream), plan_->tls);
}

void Gate::countHandshake(const net::Security& security) {
  TlsVersion version = TlsVersion::kNone;
  if (security.version == "TLSv1.2") version = TlsVersion::k12;
  if (security.version == "TLSv1.3") version = TlsVersion::k13;
  engine_.metrics()
      .counter(
          tlsHandshakesKey(id(), static_cast<unsigned>(security.result), version, security.resumed))
      .add();
  countMtls(security);
}

// Only where clients are to show a certificate.
void Gate::countMtls(const net::Security& security) {
  const tls::ServerTerms* terms = plan_->tls.get();
  if (terms == nullptr || terms->options().clients == nullptr) return;
  const bool refused = security.result == net::Handshake::kNoPeerCertificate ||
                       security.result == net::Handshake::kBadPeerCertificate;
  if (security.peer == nullptr && !refused) return;
  const auto name = security.peer == nullptr ? std::nullopt : security.peer->admitted_as;
  const NameId peer = name && *name < plan_->peer_names.size() ? plan_->peer_names[*name] : 0;
  const MtlsResult result = refused ? MtlsResult::kFailed : MtlsResult::kOk;
  engine_.metrics().counter(mtlsConnectionsKey(Direction::kInbound, peer, result)).add();
}

void Gate::countRefusal() {
  constexpr auto kKey = limitRejectionsKey(LimitScope::kListener, LimitResource::kConnections);
  engine_.metrics().counter(kKey).add();
}

void Gate::logRefusal(const net::Address& peer) {
  if (engine_.accessLog() == nullptr) return;
  http::ExchangeRecord record;
  record.start = wallClockNow();
  record.method = http::Method::kOther;  // whatever it would have asked
  record.status = 503;
  record.reason = Reason::kOverloadConnections;
  std::array<char, net::Ip::kMaxText> text{};
  record.client_address = peer.ip().format(text);
  record.listener = plan_->name;
  engine_.accessLog()->log(record);
}

// A refusal that says why, instead of a connection that hangs.
void Gate::refuse(int descriptor, const net::Address& peer) {
  countRefusal();
  logRefusal(peer);
  engine_.metrics().counter(localRepliesKey(id(), 0, 503, Reason::kOverloadConnections)).add();
  std::string reply(kFullHead);
  if (plan_->reason_header) reply += kFullReason;
  reply += kFullBody;
  // Best effort: a fresh socket has room for this much.
  [[maybe_unused]] const auto sent =
      ::send(descriptor, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
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
  const Meters& meters = metersOf(connection->secured());
  meters.active.add(1);
  meters.opened.add();
  connection->start();
}

void Gate::remove(ServerConnection& connection) {
  (connection.previous == nullptr ? first_ : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --count_;
  const Meters& meters = metersOf(connection.secured());
  meters.active.add(-1);
  meters.closed.add();
  uncount();
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
  while (first_preamble_ != nullptr) first_preamble_->breakNow();
  while (first_ != nullptr) first_->breakNow();
}

}  // namespace weir::proxy
