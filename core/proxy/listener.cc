#include "core/proxy/listener.h"

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/net/tcp_stream.h"
#include "core/proxy/preread.h"
#include "core/proxy/server_connection.h"
#include "core/proxy/tunnel.h"
#include "core/tls/metrics.h"
#include "core/tls/tls_stream.h"

namespace weir::proxy {
namespace {

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
    : engine_(engine),
      plan_(std::move(plan)),
      counts_(counts),
      stop_(engine.loop().wheel(), *this) {
  in_flight_ = engine_.metrics().gauge(requestsInFlightKey(id()));
  makeMetrics();
}

Listener::Metrics Listener::metricsFor(TransportProtocol protocol) {
  MetricCells& cells = engine_.metrics();
  return {cells.gauge(connectionsActiveKey(id(), protocol)),
          cells.counter(connectionsOpenedKey(id(), protocol)),
          cells.counter(connectionsClosedKey(id(), protocol, Reason::kNone))};
}

// Metrics of new connections. A connection that is passed through counts as plaintext.
void Listener::makeMetrics() {
  if (plan_->servesPlaintext() || plan_->peeks()) clear_ = metricsFor(TransportProtocol::kTcp);
  if (plan_->tls != nullptr) secured_ = metricsFor(TransportProtocol::kTls);
}

Listener::~Listener() { closeAll(); }

Result<void> Listener::open(net::ListenSocket socket) {
  WEIR_TRY(acceptor_,
           net::Acceptor::open(
               engine_.loop(), std::move(socket),
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
  const bool other_terms = !plan->sharesTermsWith(*plan_);
  plan_ = std::move(plan);
  process_limit_ = process_limit;
  makeMetrics();
  if (other_terms) retire();
}

void Listener::onAccept(int descriptor, const net::Address& peer) {
  if (engine_.loop().overload() >= event::Overload::kRefuseConnections) {
    return refuse(descriptor, peer, Reason::kOverloadMemory);
  }
  constexpr Reason kFull = Reason::kOverloadConnections;
  if (!counts_.process.tryAdd(process_limit_)) return refuse(descriptor, peer, kFull);
  if (!counts_.listener.tryAdd(plan_->max_connections)) {
    counts_.process.remove();
    return refuse(descriptor, peer, kFull);
  }
  ConnectionFacts facts;
  facts.address = peer;
  if (plan_->tells_server) facts.server = net::localAddressOf(descriptor);
  auto stream = net::TcpStream::adopt(engine_.loop(), descriptor);
  if (stream.ok()) return receive(std::move(stream.value()), std::move(facts));
  uncount();
}

void Listener::uncount() {
  counts_.listener.remove();
  counts_.process.remove();
}

bool Listener::believesHeaderOf(const net::Address& peer) const {
  const auto& from = plan_->proxy_protocol_from;
  return std::any_of(from.begin(), from.end(),
                     [&](const IpRange& range) { return range.contains({peer.ip().bytes()}); });
}

void Listener::receive(std::unique_ptr<net::Stream> stream, ConnectionFacts facts) {
  bool has_header = plan_->proxy_protocol != ProxyProtocol::kOff;
  if (has_header && !believesHeaderOf(facts.address)) {
    countProxyHeader(ProxyProtocolResult::kUntrusted);
    if (plan_->proxy_protocol == ProxyProtocol::kRequired) return uncount();
    has_header = false;
  }
  if (!has_header && !plan_->peeks()) return serve(secured(std::move(stream)), std::move(facts));
  auto* preread = new Preread(*this, std::move(stream), std::move(facts));
  list(*preread);
  preread->start(has_header);
}

void Listener::countProxyHeader(ProxyProtocolResult result) {
  engine_.metrics().counter(proxyProtocolHeadersKey(id(), result)).add();
}

void Listener::endPreread(Preread& preread, const PrereadResult& admission,
                          std::unique_ptr<net::Stream> stream, ConnectionFacts facts) {
  unlist(preread);
  switch (admission.way) {
    case PrereadResult::Way::kSecured:
      return serve(secured(std::move(stream)), std::move(facts));
    case PrereadResult::Way::kClear:
      return serve(std::move(stream), std::move(facts));
    case PrereadResult::Way::kPass:
      return carry(std::move(stream), std::move(facts), admission.upstream);
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
  (connection.previous == nullptr ? first_ : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --count_;
  engine_.loop().destroyLater(std::unique_ptr<event::Disposable>(&connection));
}

std::unique_ptr<net::Stream> Listener::secured(std::unique_ptr<net::Stream> stream) {
  if (plan_->tls == nullptr) return stream;
  return tls::TlsStream::accept(engine_.loop(), std::move(stream), plan_->tls);
}

void Listener::countHandshake(const net::Security& security) {
  tls::TlsVersion version = tls::TlsVersion::kNone;
  if (security.version == "TLSv1.2") version = tls::TlsVersion::k12;
  if (security.version == "TLSv1.3") version = tls::TlsVersion::k13;
  const tls::HandshakeLabels labels{security.result, security.reason, version, security.resumed};
  engine_.metrics().counter(tls::handshakesKey(id(), labels)).add();
  countMtls(security);
}

void Listener::failHandshake(const net::Security& security, const net::Ip& client,
                             std::string_view what) {
  countHandshake(security);
  if (security.result == net::Handshake::kClosed) return;
  std::string why(what);
  if (security.detail != nullptr) why += ": " + *security.detail;
  logHandshake(security, client, why);
  std::array<char, net::Ip::kMaxText> room{};
  std::string text = "listener " + std::string(plan_->name) + ": client ";
  text.append(client.formatClient(room)).append(": ").append(why);
  const std::string line = handshake_log_.admit(text, engine_.loop().now());
  if (!line.empty()) log::info(line);
}

void Listener::logHandshake(const net::Security& security, const net::Ip& client,
                            std::string_view why) {
  if (engine_.accessLog() == nullptr) return;
  http::ExchangeRecord record;
  record.start = wallClockNow();
  record.transport = http::kTlsTransport;
  record.reason = Reason::kTlsHandshakeFailed;
  record.reason_detail = why;
  record.authority = security.server_name;
  std::array<char, net::Ip::kMaxText> text{};
  record.client_address = client.formatClient(text);
  record.listener = plan_->name;
  engine_.accessLog()->log(record);
}

// Only if client certificates are requested.
void Listener::countMtls(const net::Security& security) {
  const tls::ServerConfig* terms = plan_->tls.get();
  if (terms == nullptr || terms->options().clients == nullptr) return;
  const bool refused = security.result == net::Handshake::kNoPeerCertificate ||
                       security.result == net::Handshake::kBadPeerCertificate;
  if (security.peer == nullptr && !refused) return;
  const auto name = security.peer == nullptr ? std::nullopt : security.peer->admitted_as;
  const NameId peer = name && *name < plan_->peer_names.size() ? plan_->peer_names[*name] : 0;
  const auto result = refused ? tls::MtlsResult::kFailed : tls::MtlsResult::kOk;
  engine_.metrics().counter(tls::mtlsConnectionsKey(tls::Direction::kInbound, peer, result)).add();
}

void Listener::countRefusal(Reason reason) {
  const bool memory = reason == Reason::kOverloadMemory;
  const auto resource = memory ? LimitResource::kMemory : LimitResource::kConnections;
  engine_.metrics().counter(limitRejectionsKey(LimitScope::kListener, resource)).add();
}

void Listener::logRefusal(const net::Address& peer, Reason reason) {
  if (engine_.accessLog() == nullptr) return;
  http::ExchangeRecord record;
  record.start = wallClockNow();
  record.method = http::Method::kOther;  // the request is unknown
  if (plan_->tcp) record.transport = http::kTcpTransport;
  if (!plan_->tcp) record.status = 503;
  record.reason = reason;
  std::array<char, net::Ip::kMaxText> text{};
  record.client_address = peer.ip().formatClient(text);
  record.listener = plan_->name;
  engine_.accessLog()->log(record);
}

// Sends a reply with the reason instead of leaving the connection waiting.
void Listener::refuse(int descriptor, const net::Address& peer, Reason reason) {
  countRefusal(reason);
  logRefusal(peer, reason);
  if (plan_->tcp) {
    ::close(descriptor);
    return;
  }
  engine_.metrics().counter(localRepliesKey(id(), 0, 503, reason)).add();
  const std::string reply = refusalOf(reason, plan_->reason_header);
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

void Listener::serve(std::unique_ptr<net::Stream> stream, ConnectionFacts facts) {
  if (plan_->tcp) return carry(std::move(stream), std::move(facts), plan_->upstream);
  countOpened(*stream);
  if (plan_->upstream == 0) return serveHttp(std::move(stream), facts);
  auto* tunnel = new Tunnel(*this, std::move(stream), std::move(facts), {plan_->upstream, true});
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
  auto* connection = new ServerConnection(*this, std::move(stream), facts.address);
  list(*connection);
  connection->start();
}

void Listener::speakHttp(DownstreamConnection& tunnel, std::unique_ptr<net::Stream> stream,
                         const ConnectionFacts& facts) {
  unlist(tunnel);
  serveHttp(std::move(stream), facts);
}

void Listener::remove(DownstreamConnection& connection, bool secured, Reason reason) {
  const Metrics& meters = metricsOf(secured);
  meters.active.add(-1);
  if (reason == Reason::kNone) {
    meters.closed.add();
  } else {
    const auto protocol = secured ? TransportProtocol::kTls : TransportProtocol::kTcp;
    engine_.metrics().counter(connectionsClosedKey(id(), protocol, reason)).add();
  }
  uncount();
  unlist(connection);
}

void Listener::drain() {
  draining_ = true;
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
