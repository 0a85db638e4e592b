#pragma once

#include <memory>
#include <vector>

#include "core/http/server_connection.h"
#include "core/net/address.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/lifetime.h"
#include "core/upstream/share.h"

namespace weir::proxy {

struct ConnectionPeer;
class Exchange;

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
  void judgeAgain(Recheck& recheck) override;
  void cutOff(Reason reason) override;

 private:
  // What an idle connection of HTTP/1 usually does without.
  struct Extras {
    upstream::Share share;                             // of all requests of HTTP/2
    std::shared_ptr<const Interception> interception;  // null: not redirected
    std::uint16_t port = 0;             // of its destination; 0: that of the listener
    Reason closes_for = Reason::kNone;  // it was evicted
  };

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
  void evict(Reason reason, Recheck& recheck);
  bool admitsNothing(const authz::PolicySet& policies);
  std::vector<Exchange*> openExchanges();
  Extras& extras();
  ConnectionPeer peer();
  std::uint16_t port() const {
    return extras_ != nullptr && extras_->port != 0 ? extras_->port : listener_.port();
  }
  Reason closesFor() const { return extras_ == nullptr ? Reason::kNone : extras_->closes_for; }

  // First, the members that fit into the room that the base class leaves.
  bool served_ = false;  // a request, or at least its beginning
  IpAddress peer_;
  DownstreamOwner& listener_;
  std::unique_ptr<Extras> extras_;      // null: none of it
  std::unique_ptr<Lifetime> lifetime_;  // null: the client decides when it ends
};

}  // namespace weir::proxy
