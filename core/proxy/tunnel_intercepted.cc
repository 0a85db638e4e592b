#include "core/net/client_hello.h"
#include "core/proxy/tunnel.h"
#include "core/upstream/original_endpoint.h"

// Connections that the system redirected to a transparent listener: their protocol and upstream.
namespace weir::proxy {
namespace {

// Time after which a connection whose protocol is not known yet is taken for TCP.
constexpr Milliseconds kUndecided{10'000};
// Time to wait for a client whose destination has used HTTP before.
constexpr Milliseconds kSilenceOfHttp{10};

}  // namespace

// For a destination that is known to speak HTTP, most connections ahead of need would be in vain.
void Tunnel::race() {
  using Protocol = Destinations::Protocol;
  const Protocol known =
      engine().destinations().protocolOf(facts_.interception->destination, engine().loop().now());
  if (known == Protocol::kUnknown) return raceNow();
  if (known == Protocol::kHttp) return wait_.arm(kSilenceOfHttp);
  countGuess(Detection::kTcpServerFirst);
  commit();
}

void Tunnel::raceNow() {
  raced_ = true;
  dial();
  if (stage_ == Stage::kGuessing) armUndecided();
}

// After a silence. A client that keeps a connection to a server of HTTP in reserve is silent, too.
void Tunnel::endRace() {
  const net::Address& destination = facts_.interception->destination;
  const bool reserved =
      said_.empty() && engine().destinations().protocolOf(destination, engine().loop().now()) ==
                           Destinations::Protocol::kHttp;
  if (reserved) return;
  countGuess(Detection::kTcp);
  commit();
}

// A server of HTTP that waits no longer for a request may say so, with 408.
bool Tunnel::isTimeoutOfHttp(Bytes bytes) const {
  return intercepted() && asText(bytes).starts_with("HTTP/");
}

// A server of HTTP/2 may send its SETTINGS before it has seen the client's (RFC 9113, 3.4): length,
// type, flags and stream of a frame.
bool Tunnel::beginsHttp2(Bytes bytes) {
  constexpr std::size_t kFrameHead = 9;
  constexpr std::string_view kSettingsOnStream0("\x04\0\0\0\0\0", 6);
  if (bytes.size() < kFrameHead) return false;
  const std::string_view head = asText(bytes.first(kFrameHead));
  return head[0] == 0 && head.substr(3) == kSettingsOnStream0;
}

// The client is about to send its preface.
void Tunnel::awaitHttp2() {
  learn(Destinations::Protocol::kHttp);
  dropServer();
  if (intercepted()) armUndecided();
}

void Tunnel::learn(Destinations::Protocol protocol) {
  if (!intercepted()) return;
  engine().destinations().learn(facts_.interception->destination, protocol, engine().loop().now());
}

void Tunnel::armUndecided() { wait_.arm(kUndecided); }

// HTTP/2 without TLS to a destination that belongs to no upstream: it may be any version of HTTP
// that the destination understands, so that it stays as it is.
bool Tunnel::passesHttp2() const {
  return intercepted() && facts_.interception->unresolved() && target_.upstream != 0 &&
         said_.starts_with("PRI");
}

// The upstream with the name that the ClientHello of a redirected connection asks for, if its
// destination belongs to none. False: the ClientHello is not complete.
bool Tunnel::findByServerName() {
  if (!intercepted() || !facts_.interception->unresolved()) return true;
  if (static_cast<std::uint8_t>(said_.front()) != net::kHandshakeRecord) return true;
  net::ClientHello hello;
  const net::HelloRead read = net::readClientHello(asBytes(said_), hello);
  if (read == net::HelloRead::kMore) return false;
  if (read != net::HelloRead::kComplete) return true;
  facts_.server_name = hello.server_name;
  PinnedPlan& pinned = engine().pin();
  NameId found = 0;
  for (const auto& each : pinned.plan->clusters) {
    if (each->name == facts_.server_name) found = each->id;
  }
  engine().unpin(pinned);
  if (found != 0) useUpstream(found);
  return true;
}

void Tunnel::useUpstream(NameId upstream) {
  if (server_.stream()) dropServer();
  attempt_.discard();
  tries_.end();
  target_.upstream = upstream;
  named_ = true;
}

// Of a connection whose destination does not tell its upstream.
void Tunnel::countResolution() {
  if (!intercepted() || !facts_.interception->unresolved()) return;
  listener_.countIntercepted(named_ ? Resolution::kHost : Resolution::kPassthrough);
}

Reason Tunnel::reasonWithoutUpstream() const {
  return intercepted() && target_.upstream == 0 ? Reason::kDestinationDenied
                                                : Reason::kNoHealthyUpstream;
}

Reason Tunnel::beginAttempt() {
  if (!hasFixedEndpoint()) return attempt_.begin(hashKey());
  const net::Address& destination = facts_.interception->destination;
  const auto* const original = tries_.cluster()->plan().discovery->original();
  if (original == nullptr) return attempt_.beginAt(destination);
  const auto to = original->of(destination);
  return to ? attempt_.beginAt(*to) : Reason::kDestinationDenied;
}

// The destination, or what it means on this machine: no other endpoint is as good.
bool Tunnel::hasFixedEndpoint() const {
  if (!intercepted() || tries_.cluster() == nullptr) return false;
  return facts_.interception->wantsEndpointOf(target_.upstream) ||
         tries_.cluster()->plan().discovery->original() != nullptr;
}

}  // namespace weir::proxy
