#include "observability/admin/admin_server.h"

#include <algorithm>
#include <cerrno>
#include <list>
#include <optional>
#include <utility>

#include "core/event/system_error.h"
#include "core/http/server_connection.h"
#include "core/net/tcp_stream.h"
#include "core/tls/tls_stream.h"
#include "observability/admin/exchange.h"
#include "observability/admin/shared.h"

namespace weir::admin {
namespace {

constexpr int kBacklog = 128;
constexpr std::uint32_t kMostStreams = 16;  // for HTTP/2
constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "content-type: application/json\r\n"
    "content-length: 52\r\n"
    "connection: close\r\n"
    "server: weir\r\n"
    "\r\n"
    "{\"status\":503,\"detail\":\"too many admin connections\"}";

Result<net::Address> bindAddress(const config::Address& address) {
  if (address.isUnix()) return net::Address::unixPath(address.unix_path);
  if (address.host.empty()) return net::Address(IpAddress::v4({0, 0, 0, 0}), address.port);
  WEIR_TRY(const IpAddress ip, IpAddress::parse(address.host));
  return net::Address(ip, address.port);
}

std::optional<unsigned> permissionsOf(const Settings& settings) {
  return settings.socket_mode ? std::optional(settings.socket_mode->bits) : std::nullopt;
}

}  // namespace

// A client's connection to the admin address: HTTP/1, or HTTP/2 with prior knowledge.
class AdminServer::Connection final : public event::Disposable, private http::ServerConnection {
 public:
  Connection(AdminServer& server, std::unique_ptr<net::Stream> stream, const Caller& caller)
      : http::ServerConnection(server.shared_->loop, server.shared_->terms, std::move(stream)),
        server_(server),
        caller_(caller),
        idle_since_(server.shared_->loop.now()) {}

  void start() {
    caller_.security = security();
    armFor(http::ServerCodec::Phase::kHead);  // the first request has a time limit, too
    read();
  }
  void closeNow() { stop(); }  // aborts all exchanges
  // The beginning of the time without a complete request; nullopt while there is one.
  std::optional<Milliseconds> idleSince() const {
    const bool busy = !std::ranges::all_of(exchanges_, &Exchange::receiving);
    return busy || !open() ? std::nullopt : std::optional(idle_since_);
  }

 private:
  // http::ServerConnection
  event::Loop& loop() override { return server_.shared_->loop; }
  const http::ServerTerms& terms() const override { return server_.shared_->terms; }
  void onClosed() override { server_.remove(*this); }
  void onConnected() override {  // the TLS handshake is complete
    if (security()->protocol == "h2" && speaksHttp1()) speakHttp2();
  }
  http::RequestEvents& openExchange(http::Responder& responder) override {
    // A request may also begin without new bytes: it may have waited for its turn.
    armFor(http::ServerCodec::Phase::kHead);
    return exchanges_.emplace_back(*server_.shared_, caller_, responder);
  }
  void closeExchange(http::RequestEvents& exchange) override {
    exchanges_.remove_if([&](const Exchange& each) { return &each == &exchange; });
    idle_since_ = loop().now();
    armForCodec();
  }

  AdminServer& server_;
  Caller caller_;
  std::list<Exchange> exchanges_;
  Milliseconds idle_since_;
};

AdminServer::AdminServer(event::Loop& loop, AdminBackend& subject)
    : shared_(new Shared{.loop = loop, .subject = subject, .settings = {.address = {}}}) {
  shared_->terms.http2.max_streams = kMostStreams;
  apply(shared_->settings, nullptr);
}

AdminServer::~AdminServer() {
  acceptor_.reset();
  while (!connections_.empty()) connections_.back()->closeNow();
}

Result<void> AdminServer::configure(const Settings& settings,
                                    std::shared_ptr<const tls::ServerConfig> tls) {
  const std::optional<unsigned> permissions = permissionsOf(settings);
  if (settings.address == shared_->settings.address) {
    const bool changed = permissions && permissions != permissionsOf(shared_->settings);
    if (changed && !net::setSocketMode(*address(), *permissions)) return event::errorOf(-errno);
    apply(settings, std::move(tls));
    return {};
  }
  std::unique_ptr<net::Acceptor> acceptor;
  if (settings.address) {
    WEIR_TRY(const net::Address at, bindAddress(*settings.address));
    // Not shared: with two processes on one address, either could answer for the other.
    WEIR_TRY(net::ListenSocket socket,
             net::ListenSocket::open(at, kBacklog, net::ListenSocket::Sharing::kNone, permissions));
    const auto on_accept = [this](int descriptor, const net::Address& peer) {
      onAccept(descriptor, peer);
    };
    WEIR_TRY(acceptor, net::Acceptor::open(shared_->loop, std::move(socket), on_accept));
  }
  acceptor_ = std::move(acceptor);
  apply(settings, std::move(tls));
  return {};
}

void AdminServer::apply(const Settings& settings, std::shared_ptr<const tls::ServerConfig> tls) {
  shared_->settings = settings;
  shared_->access = Access(settings);
  shared_->tls = std::move(tls);
  shared_->terms.header_timeout = settings.header_timeout;
  shared_->terms.idle_timeout = settings.idle_timeout;
  shared_->terms.http2.send_timeout = settings.idle_timeout;
}

const net::Address* AdminServer::address() const {
  return acceptor_ == nullptr ? nullptr : &acceptor_->address();
}

bool AdminServer::giveTo(unsigned user, unsigned group) const {
  return acceptor_ == nullptr || acceptor_->giveTo(user, group);
}

void AdminServer::onAccept(int descriptor, const net::Address& peer) {
  Caller caller{.unix_user = net::unixPeerUser(descriptor)};
  if (!caller.unix_user) caller.ends = {net::localAddressOf(descriptor), peer};
  auto stream = net::TcpStream::adopt(shared_->loop, descriptor);
  if (!stream.ok()) return;
  if (shared_->tls == nullptr) return serve(std::move(stream.value()), caller);
  serve(tls::TlsStream::accept(shared_->loop, std::move(stream.value()), shared_->tls), caller);
}

void AdminServer::serve(std::unique_ptr<net::Stream> stream, const Caller& caller) {
  if (!makeRoom()) {
    if (stream->security() == nullptr) stream->write(asBytes(kFullReply));
    stream->flush();
    return shared_->loop.destroyLater(std::move(stream));
  }
  connections_.push_back(std::make_unique<Connection>(*this, std::move(stream), caller));
  connections_.back()->start();
}

// Health must remain available while other clients keep idle connections: the one that has been
// idle for the longest time is closed.
bool AdminServer::makeRoom() {
  if (connections_.size() < shared_->settings.max_connections) return true;
  Connection* longest = nullptr;
  for (const auto& connection : connections_) {
    const std::optional<Milliseconds> since = connection->idleSince();
    if (!since) continue;
    if (longest == nullptr || *since < *longest->idleSince()) longest = connection.get();
  }
  if (longest == nullptr) return false;
  longest->closeNow();
  return true;
}

void AdminServer::remove(Connection& connection) {
  const auto found =
      std::ranges::find(connections_, &connection, [](const auto& each) { return each.get(); });
  shared_->loop.destroyLater(std::move(*found));
  connections_.erase(found);
}

}  // namespace weir::admin
