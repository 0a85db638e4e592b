#pragma once

#include <cstdint>
#include <memory>

#include "core/event/shared_count.h"
#include "core/net/acceptor.h"
#include "core/proxy/connection_metrics.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/engine.h"
#include "core/proxy/metrics.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// One worker's side of a listener: its accepting socket and the connections accepted from it.
//
// Life: open -> closed (does not accept; connections finish their work) -> empty.
class Listener final : public DownstreamOwner {
 public:
  // Time limit for TCP handshakes under way when the listener closes.
  static constexpr Milliseconds kHandshakeGrace{20};

  // Open connections of all workers: of this listener, and of the process. Both outlive the
  // listener.
  struct Counts {
    event::SharedCount& listener;
    event::SharedCount& process;
  };
  Listener(Engine& engine, std::shared_ptr<const ListenerPlan> plan, const Counts& counts);
  ~Listener() override;  // aborts open connections

  Result<void> open(net::ListenSocket socket);
  // Stops accepting, except for handshakes under way, and drains.
  void close();
  bool closed() const { return acceptor_ == nullptr; }
  // After a reload: the plan for new requests; limits apply to new connections. Connections made
  // under other terms do not accept new requests.
  void setPlan(std::shared_ptr<const ListenerPlan> plan, std::uint64_t process_limit);
  // Responses announce the end of the connection; idle connections are closed now.
  void drain();
  void closeAll();

  // Takes an accepted, counted connection; reads a PROXY header or ClientHello first if needed.
  void receive(std::unique_ptr<net::Stream> stream, ConnectionFacts facts);
  // Serves a connection that was accepted elsewhere, or a stream in memory.
  void serve(std::unique_ptr<net::Stream> stream, ConnectionFacts facts);

  std::size_t connections() const { return count_; }

  // DownstreamOwner
  void endPreread(DownstreamConnection& preread, const PrereadResult& result,
                  std::unique_ptr<net::Stream> stream, ConnectionFacts facts) override;
  void remove(DownstreamConnection& connection, bool secured, Reason reason) override;
  void speakHttp(DownstreamConnection& tunnel, std::unique_ptr<net::Stream> stream,
                 const ConnectionFacts& facts) override;

 private:
  void stopAccepting() { acceptor_ = nullptr; }
  void onAccept(int descriptor, const net::Address& peer);
  bool intercept(int descriptor, ConnectionFacts& facts);
  bool believesHeaderOf(const net::Address& peer) const;
  NameId upstreamFor(const ConnectionFacts& facts) const;
  std::unique_ptr<net::Stream> secured(std::unique_ptr<net::Stream> stream);
  void carry(std::unique_ptr<net::Stream> stream, ConnectionFacts facts, NameId upstream);
  void serveHttp(std::unique_ptr<net::Stream> stream, const ConnectionFacts& facts);
  void countOpened(const net::Stream& stream);
  void retire();
  void beginRecheck(const Recheck& changed);
  void recheckSome();
  void list(DownstreamConnection& connection);
  void unlist(DownstreamConnection& connection);
  void refuse(int descriptor, const net::Address& peer, Reason reason);
  void logRefusal(const net::Address& peer, Reason reason);
  void uncount();
  void countRefusal(Reason reason);
  struct Metrics {
    Gauge active;
    Counter opened;
    Counter closed;  // normally
  };
  Metrics metricsFor(TransportProtocol protocol);
  void makeMetrics();
  const Metrics& metricsOf(bool secured) const { return secured ? secured_ : clear_; }

  Counts counts_;
  Metrics clear_;    // of plaintext connections
  Metrics secured_;  // of TLS connections
  std::uint64_t process_limit_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
  event::Alarm<Listener, &Listener::stopAccepting> stop_;
  DownstreamConnection* first_ = nullptr;
  Recheck recheck_;
  DownstreamConnection* recheck_at_ = nullptr;  // the next one in this round
  event::Alarm<Listener, &Listener::recheckSome> recheck_next_;
  std::size_t count_ = 0;
};

}  // namespace weir::proxy
