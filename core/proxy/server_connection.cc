#include "core/proxy/server_connection.h"

#include <utility>

#include "core/authz/judge.h"
#include "core/http/facts.h"
#include "core/proxy/connection_metrics.h"
#include "core/proxy/exchange.h"

namespace weir::proxy {

ServerConnection::ServerConnection(DownstreamOwner& listener, std::unique_ptr<net::Stream> stream,
                                   const ConnectionFacts& facts)
    : http::ServerConnection(listener.engine().loop(), listener.serverTerms(), std::move(stream)),
      peer_(facts.address.ip()),
      listener_(listener) {
  if (facts.interception != nullptr) extras().interception = facts.interception;
  if (listener.portOf(facts) != listener.port()) extras().port = listener.portOf(facts);
}

ServerConnection::~ServerConnection() = default;

void ServerConnection::start() {
  if (security() == nullptr) {
    lifetime_ = Lifetime::begin(*this, listener_.engine(), listener_.plan(), nullptr);
  } else if (!security()->version.empty()) {
    speakAsAgreed();
  }
  armFor(http::ServerCodec::Phase::kHead);  // the time limit applies to the first request, too
  if (listener_.draining()) drain();
  read();
}

void ServerConnection::onConnected() {
  listener_.countHandshake(*security());
  speakAsAgreed();
}

// The handshake is complete, possibly before this object received the stream.
void ServerConnection::speakAsAgreed() {
  lifetime_ = Lifetime::begin(*this, listener_.engine(), listener_.plan(), security()->peer.get());
  if (security()->protocol == "h2" && speaksHttp1()) speakHttp2();
}

void ServerConnection::onBroken(Error error) {
  if (security() != nullptr && security()->result != net::Handshake::kOk) {
    listener_.failHandshake(*security(), peer_, error.detail);
  }
  http::ServerConnection::onBroken(error);
}

void ServerConnection::onClosed() { listener_.remove(*this, security() != nullptr, closesFor()); }

void ServerConnection::onHeadTimeout() {
  listener_.engine().metrics().counter(timeoutsKey(0, TimeoutStage::kHeaders)).add();
}

void ServerConnection::drain() {
  const bool done = drainCodec();
  if (open() && !served_) return closeWithin(DownstreamOwner::kFreshGrace);
  endWhenDrained(done);
}

void ServerConnection::retire() { endWhenDrained(retireCodec()); }

std::vector<Exchange*> ServerConnection::openExchanges() {
  std::vector<Exchange*> exchanges;
  forEachExchange(
      [&](http::RequestEvents& each) { exchanges.push_back(static_cast<Exchange*>(&each)); });
  return exchanges;
}

void ServerConnection::judgeAgain(Recheck& recheck) {
  const bool shaking_hands = security() != nullptr && security()->version.empty();
  if (!open() || shaking_hands || closesFor() != Reason::kNone) return;
  if (recheck.certificates && !listener_.stillAccepts(security())) {
    return evict(Reason::kIdentityRevoked, recheck);
  }
  const authz::PolicySet* const policies = listener_.plan().authorize.get();
  if (!recheck.policies || policies == nullptr) return;
  const bool useless = admitsNothing(*policies);
  for (Exchange* const each : openExchanges()) {
    const Exchange::Standing standing = each->judgeAgain(*policies);
    recheck.streams += standing == Exchange::Standing::kEnded ? 1 : 0;
    recheck.postponed |= standing == Exchange::Standing::kUndecided;
  }
  if (useless && open()) evict(Reason::kAuthzDenied, recheck);
}

// Whether the policies deny every request of this client.
bool ServerConnection::admitsNothing(const authz::PolicySet& policies) {
  Arena arena(loop().scratch());
  http::ExchangeRecord record;
  record.listener = listener_.plan().name;
  record.server_port = port();
  if (security() != nullptr && security()->peer != nullptr) {
    record.client_identity = security()->peer->identity;
  }
  const http::ExchangeFacts facts(record);
  const authz::Question question(authz::Subject::kAnyRequest, record, facts, arena);
  return policies.judge().judge(question).denied();
}

// Accepts no further request, and ends those in flight soon.
void ServerConnection::evict(Reason reason, Recheck& recheck) {
  ++recheck.connections;
  listener_.countRevoked(reason);
  extras().closes_for = reason;
  lifetime_ = Lifetime::end(*this, listener_.engine(), reason);
  retire();
}

void ServerConnection::cutOff(Reason reason) {
  const std::string_view detail = reason == Reason::kIdentityRevoked
                                      ? "the client is no longer accepted"
                                      : "no policy allows the connection any more";
  for (Exchange* const each : openExchanges()) each->cutOff(reason, detail);
  stop();
}

ServerConnection::Extras& ServerConnection::extras() {
  if (extras_ == nullptr) extras_ = std::make_unique<Extras>();
  return *extras_;
}

inline ConnectionPeer ServerConnection::peer() {
  if (extras_ == nullptr && speaksHttp1()) [[likely]]
    return {.ip = peer_, .security = security(), .port = listener_.port()};
  ConnectionPeer peer{.ip = peer_, .security = security(), .port = port()};
  // Only HTTP/2 has several requests at a time, and cancels one without ending the others.
  if (!speaksHttp1()) peer.share = &extras().share;
  peer.interception = extras_->interception.get();
  return peer;
}

http::RequestEvents& ServerConnection::openExchange(http::Responder& responder) {
  Engine& engine = listener_.engine();
  served_ = true;
  // A request need not begin with received bytes: it may have been waiting for its turn.
  armFor(http::ServerCodec::Phase::kHead);
  return *new (engine.exchanges().lend()) Exchange(engine, listener_, peer(), responder);
}

void ServerConnection::closeExchange(http::RequestEvents& exchange) {
  auto& done = static_cast<Exchange&>(exchange);
  done.~Exchange();
  listener_.engine().exchanges().giveBack(&done);
  armForCodec();
}

void ServerConnection::onFlood(http::Flood kind) {
  listener_.engine().metrics().counter(http2FloodsKey(listener_.id(), kind)).add();
}

void ServerConnection::onUnread(http::Unread why) {
  MetricCells& cells = listener_.engine().metrics();
  if (why == http::Unread::kTimeout) {
    return cells.counter(timeoutsKey(0, TimeoutStage::kSend)).add();
  }
  cells.counter(limitRejectionsKey(LimitScope::kListener, LimitResource::kMemory)).add();
}

}  // namespace weir::proxy
