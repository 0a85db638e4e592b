#pragma once

#include <memory>

#include "core/http/server_connection.h"
#include "core/net/address.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/lifetime.h"
#include "core/upstream/share.h"

namespace weir::proxy {

// A client's connection to a listener: an HTTP connection whose requests are forwarded.
//
// Owned by: Listener's list, until onClosed().
class ServerConnection final : public DownstreamConnection, private http::ServerConnection {
 public:
  ServerConnection(DownstreamOwner& listener, std::unique_ptr<net::Stream> stream,
                   const ConnectionFacts& facts);
  ~ServerConnection() override;

  void start();
  void drain() override;  // closes after the current request, or now
  void retire() override;
  void closeNow() override { stop(); }

 private:
  // http::ServerConnection
  event::Loop& loop() override { return listener_.engine().loop(); }
  const http::ServerTerms& terms() const override { return listener_.serverTerms(); }
  void onConnected() override;
  void onBroken(Error error) override;
  void onClosed() override;
  void onHeadTimeout() override;
  bool draining() const override { return listener_.draining(); }
  http::RequestEvents& openExchange(http::Responder& responder) override;
  void closeExchange(http::RequestEvents& exchange) override;
  void onFlood(http::Flood kind) override;
  void onUnread(http::Unread why) override;

  void speakAsAgreed();

  DownstreamOwner& listener_;
  IpAddress peer_;
  bool served_ = false;  // a request, or at least its beginning
  upstream::Share share_;
  std::shared_ptr<const Interception> interception_;  // null: not redirected
  std::unique_ptr<Lifetime> lifetime_;                // null: the client decides when it ends
};

}  // namespace weir::proxy
