#pragma once

#include <cstdint>
#include <memory>

#include "core/base/log_limit.h"
#include "core/base/metric_keys.h"
#include "core/event/shared_count.h"
#include "core/net/acceptor.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/engine.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

class Preread;

// What becomes of a connection when what may precede it has been read.
struct PrereadResult {
  enum class Way : std::uint8_t {
    kSecured,  // by TLS, where the listener has it
    kClear,
    kPass,    // to an upstream, as it is
    kClosed,  // there is no stream any more
  };
  Way way = Way::kSecured;
  NameId upstream = 0;  // of kPass
};

// One worker's side of a listener: its accepting socket and the connections that came through it.
//
// Life: open -> closed (accepts no more; connections finish what they do) -> empty.
class Listener {
 public:
  // How long a connection that has not had a request yet may take for its first one once the
  // listener drains: a client that connected just before has it on its way.
  static constexpr Milliseconds kFreshGrace{5'000};
  // How long TCP handshakes may take that are under way when the listener closes.
  static constexpr Milliseconds kHandshakeGrace{20};

  // Connections of all workers: of this listener, and of the process. Both outlive the listener.
  struct Counts {
    event::SharedCount& listener;
    event::SharedCount& process;
  };
  Listener(Engine& engine, std::shared_ptr<const ListenerPlan> plan, const Counts& counts);
  ~Listener();  // breaks what is still open
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Result<void> open(net::ListenSocket socket);
  // Accepts no more, but for handshakes that are under way, and drains.
  void close();
  bool closed() const { return acceptor_ == nullptr; }
  // After a reload: for requests to come. The limits hold from the next connection on. Connections
  // that were made on other terms take no more requests.
  void setPlan(std::shared_ptr<const ListenerPlan> plan, std::uint64_t process_limit);
  // Answers say that the connection ends; idle connections close now.
  void drain();
  void closeAll();

  // An accepted connection that counts already: what may precede TLS and HTTP is read first.
  void receive(std::unique_ptr<net::Stream> stream, ConnectionFacts facts);
  // A connection that was accepted elsewhere, or a stream in memory.
  void serve(std::unique_ptr<net::Stream> stream, ConnectionFacts facts);

  const ListenerPlan& plan() const { return *plan_; }
  NameId id() const { return plan_->id; }
  std::size_t connections() const { return count_; }
  bool draining() const { return draining_; }
  Engine& engine() { return engine_; }

  Gauge requestsInFlight() const { return in_flight_; }
  void countHandshake(const net::Security& security);
  // The same, of one that failed; both logs say why, unless the client just went away, as port
  // scans and probes do. `what`: what the stream said of it.
  void failHandshake(const net::Security& security, const net::Ip& client, std::string_view what);

  void countProxyHeader(ProxyProtocolResult result);

  // For Preread: it is over, and takes itself off the list.
  void endPreread(Preread& preread, const PrereadResult& admission,
                  std::unique_ptr<net::Stream> stream, ConnectionFacts facts);
  // For a connection that is closed: takes it off the list. kNone: in good order.
  void remove(DownstreamConnection& connection, bool secured, Reason reason);
  // For a tunnel whose client turned out to speak HTTP: it takes itself off the list.
  void speakHttp(DownstreamConnection& tunnel, std::unique_ptr<net::Stream> stream,
                 const ConnectionFacts& facts);

 private:
  void stopAccepting() { acceptor_ = nullptr; }
  void onAccept(int descriptor, const net::Address& peer);
  bool believesHeaderOf(const net::Address& peer) const;
  std::unique_ptr<net::Stream> secured(std::unique_ptr<net::Stream> stream);
  void carry(std::unique_ptr<net::Stream> stream, ConnectionFacts facts, NameId upstream);
  void serveHttp(std::unique_ptr<net::Stream> stream, const ConnectionFacts& facts);
  void countOpened(const net::Stream& stream);
  void retire();
  void list(DownstreamConnection& connection);
  void unlist(DownstreamConnection& connection);
  void refuse(int descriptor, const net::Address& peer, Reason reason);
  void logRefusal(const net::Address& peer, Reason reason);
  void logHandshake(const net::Security& security, const net::Ip& client, std::string_view why);
  void countMtls(const net::Security& security);
  void uncount();
  void countRefusal(Reason reason);
  struct Metrics {
    Gauge active;
    Counter opened;
    Counter closed;  // in good order
  };
  Metrics metricsFor(TransportProtocol protocol);
  void makeMetrics();
  const Metrics& metricsOf(bool secured) const { return secured ? secured_ : clear_; }

  Engine& engine_;
  std::shared_ptr<const ListenerPlan> plan_;
  Counts counts_;
  Gauge in_flight_;
  Metrics clear_;    // of connections in the clear
  Metrics secured_;  // of those with TLS
  std::uint64_t process_limit_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
  event::Alarm<Listener, &Listener::stopAccepting> stop_;
  DownstreamConnection* first_ = nullptr;
  std::size_t count_ = 0;
  bool draining_ = false;
  log::Limit handshake_log_;
};

}  // namespace weir::proxy
