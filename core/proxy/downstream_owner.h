#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/log_limit.h"
#include "core/base/metric_cells.h"
#include "core/http/server_connection.h"
#include "core/net/security.h"
#include "core/net/stream.h"
#include "core/proxy/connection_metrics.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/engine.h"
#include "core/proxy/plan.h"
#include "core/tls/metrics.h"

namespace weir::proxy {

// The result of a Preread: how the connection is served.
struct PrereadResult {
  enum class Way : std::uint8_t {
    kSecured,  // with TLS, if the listener has it
    kClear,
    kPass,    // passed through to an upstream
    kClosed,  // the stream is gone
  };
  Way way = Way::kSecured;
  NameId upstream = 0;  // of kPass
};

// What connections and exchanges know of the listener that accepted them. Implemented by Listener.
class DownstreamOwner {
 public:
  // Time limit for the first request of a connection without one when the listener drains: the
  // request of a client that has just connected is on its way.
  static constexpr Milliseconds kFreshGrace{5'000};

  virtual ~DownstreamOwner() = default;
  DownstreamOwner(const DownstreamOwner&) = delete;
  DownstreamOwner& operator=(const DownstreamOwner&) = delete;

  Engine& engine() { return engine_; }
  const ListenerPlan& plan() const { return *plan_; }
  const http::ServerTerms& serverTerms() const { return terms_; }
  NameId id() const { return plan_->id; }
  bool draining() const { return draining_; }
  std::uint16_t port() const { return port_; }  // on which it accepts; 0: none
  // The port at which a client's connection was directed; 0: none.
  std::uint16_t portOf(const ConnectionFacts& facts) const {
    return facts.server.port() != 0 ? facts.server.port() : port_;
  }
  Gauge requestsInFlight() const { return in_flight_; }

  void countHandshake(const net::Security& security);
  // Counts a failed handshake. Both logs give the reason, unless the client merely disconnected, as
  // port scans and probes do. `what`: the error of the stream.
  void failHandshake(const net::Security& security, const IpAddress& client, std::string_view what);
  // Counts a connection that does not begin with TLS, although the listener has it.
  void noteClear(const IpAddress& client);
  void countProxyHeader(ProxyProtocolResult result);
  void countIntercepted(Resolution resolution);  // of a transparent listener

  // Whether the peer of an open connection would still be admitted. `security` is null in
  // plaintext.
  bool stillAccepts(const net::Security* security) const;
  void countRevoked(Reason reason);

  // Called by a Preread that has finished, to leave the list.
  virtual void endPreread(DownstreamConnection& preread, const PrereadResult& result,
                          std::unique_ptr<net::Stream> stream, ConnectionFacts facts) = 0;
  // Removes a closed connection from the list. kNone: closed normally.
  virtual void remove(DownstreamConnection& connection, bool secured, Reason reason) = 0;
  // Called by a tunnel whose client speaks HTTP, to leave the list.
  virtual void speakHttp(DownstreamConnection& tunnel, std::unique_ptr<net::Stream> stream,
                         const ConnectionFacts& facts) = 0;

 protected:
  DownstreamOwner(Engine& engine, std::shared_ptr<const ListenerPlan> plan);
  void usePlan(std::shared_ptr<const ListenerPlan> plan);
  void noteDraining() { draining_ = true; }
  void notePort(std::uint16_t port) { port_ = port; }

 private:
  void logHandshake(const net::Security& security, const IpAddress& client, std::string_view why);
  void countMtls(const net::Security& security);
  void countMtls(NameId peer, tls::MtlsResult result);
  bool asksForCertificates() const;

  Engine& engine_;
  std::shared_ptr<const ListenerPlan> plan_;
  http::ServerTerms terms_;  // of the plan
  Gauge in_flight_;
  bool draining_ = false;
  std::uint16_t port_ = 0;  // on which it accepts; 0: none
  log::Limit handshake_log_;
  log::Limit clear_log_;
};

}  // namespace weir::proxy
