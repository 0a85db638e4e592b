#include "core/proxy/tunnel.h"

#include <utility>

#include "core/base/hash.h"
#include "core/http/protocol_detection.h"
#include "core/net/proxy_protocol_writer.h"
#include "core/net/resumed_stream.h"
#include "core/proxy/request_id.h"
#include "core/upstream/failure_reason.h"

namespace weir::proxy {
namespace {

// Time to wait for the client before weir connects to the upstream, which may send first.
constexpr Milliseconds kSilence{10};
// Interval of the check whether the last bytes have been sent.
constexpr Milliseconds kSentTick{20};

constexpr Error kConnectTimeout = {ErrorCode::kTimeout, Origin::kUpstream, "connect timeout"};

// Of an attempt that ended for this reason.
AttemptOutcome outcomeFor(Reason reason, bool connected) {
  switch (reason) {
    case Reason::kNone:
    case Reason::kClientDisconnect:
    case Reason::kDraining:
    case Reason::kStreamIdle:
      return connected ? AttemptOutcome::kOk : AttemptOutcome::kCancel;
    case Reason::kUpstreamConnectTimeout:
      return AttemptOutcome::kTimeout;
    default:
      return AttemptOutcome::kError;
  }
}

}  // namespace

void Tunnel::End::open(std::unique_ptr<net::Stream> stream) {
  stream_ = std::move(stream);
  stream_->setEvents(*this);
}

std::unique_ptr<net::Stream> Tunnel::End::take() {
  stream_->setReading(false);
  stream_->setEvents(tunnel_.deaf_);
  return std::move(stream_);
}

void Tunnel::End::onDrained() {
  if (tunnel_.stage_ == Stage::kClosed) return;
  tunnel_.touch();
  filling_.onDrained();
}

Tunnel::Tunnel(DownstreamOwner& listener, std::unique_ptr<net::Stream> stream,
               ConnectionFacts facts, const Target& target)
    : listener_(listener),
      secured_(stream->security() != nullptr),
      started_(monotonicNow()),
      target_(target),
      facts_(std::move(facts)),
      up_(listener.engine().loop().chunks()),
      down_(listener.engine().loop().chunks()),
      attempt_(listener.engine().loop(), tries_, *this),
      wait_(listener.engine().loop().wheel(), *this),
      idle_(listener.engine().loop().wheel(), *this) {
  client_.open(std::move(stream));
  up_.setSource(client_);
  down_.setSource(server_);
}

Tunnel::~Tunnel() = default;

void Tunnel::start() {
  client_.stream()->setReading(true);
  if (!secured_) begin();
}

void Tunnel::onShookHands() {
  const net::Security& security = *client_.stream()->security();
  listener_.countHandshake(security);
  if (!security.server_name.empty()) facts_.server_name = security.server_name;
  if (!security.protocol.empty()) facts_.alpn = security.protocol;
  lifetime_ = Lifetime::begin(*this, engine(), listener_.plan(), security.peer.get());
  // A listener with protocol detection negotiates only versions of HTTP.
  if (target_.guesses && !security.protocol.empty()) return speakHttp();
  begin();
}

void Tunnel::begin() {
  touch();
  if (!target_.guesses) return commit();
  stage_ = Stage::kGuessing;
  if (listener_.draining()) drain();
  if (isDenied()) return;  // the upstream does not hear of a client that is not admitted
  if (intercepted()) return race();
  wait_.arm(kSilence);
}

void Tunnel::onClientData(Bytes bytes) {
  if (stage_ == Stage::kClosed) return;
  if (stage_ == Stage::kGuessing) return guess(bytes);
  touch();
  received_.add(bytes.size());
  up_.push(bytes);
}

void Tunnel::guess(Bytes bytes) {
  said_.append(asText(bytes));
  switch (http::guessProtocol(asBytes(said_))) {
    case http::ProtocolGuess::kHttp:
      if (!passesHttp2()) return speakHttp();
      countGuess(Detection::kTcp);
      return commit();
    case http::ProtocolGuess::kOther:
      if (!findByServerName()) return;
      countGuess(Detection::kTcp);
      return commit();
    case http::ProtocolGuess::kMore:
      if (!server_.stream() && !intercepted()) wait_.disarm();
      // Starts with the first byte; later bytes do not restart it.
      if (said_.size() == bytes.size() && listener_.plan().header_timeout.value().count() > 0) {
        idle_.arm(listener_.plan().header_timeout);
      }
      return;
  }
}

void Tunnel::countGuess(Detection result) {
  engine().metrics().counter(protocolDetectKey(listener_.id(), result)).add();
}

void Tunnel::speakHttp() {
  countGuess(Detection::kHttp);
  learn(Destinations::Protocol::kHttp);
  if (intercepted() && facts_.interception->unresolved()) {
    listener_.countIntercepted(Resolution::kHost);
  }
  if (server_.stream()) dropServer();
  stage_ = Stage::kClosed;
  wait_.disarm();
  idle_.disarm();
  std::unique_ptr<net::Stream> stream = client_.take();
  if (!said_.empty()) {
    stream =
        std::make_unique<net::ResumedStream>(engine().loop(), std::move(stream), asBytes(said_));
  }
  listener_.speakHttp(*this, std::move(stream), facts_);
}

// The connection is not HTTP, or detection is off.
void Tunnel::commit() {
  stage_ = Stage::kConnecting;
  if (!admit()) return finish(Reason::kAuthzDenied);
  MetricCells& cells = engine().metrics();
  received_ = cells.counter(tcpReceivedBytesKey(listener_.id(), target_.upstream));
  sent_ = cells.counter(tcpSentBytesKey(listener_.id(), target_.upstream));
  touch();
  if (!said_.empty()) {
    received_.add(said_.size());
    up_.push(asBytes(std::exchange(said_, {})));
  }
  if (connected_) {
    open();
  } else if (!server_.stream()) {
    dial();
  }
  if (stage_ != Stage::kClosed) countResolution();
}

bool Tunnel::findCluster() {
  if (tries_.cluster() != nullptr) return true;
  PinnedPlan& pinned = engine().pin();
  upstream::Cluster* const found = engine().clusters().get(target_.upstream, pinned.plan->clusters);
  most_retries_ = pinned.plan->defaults.retry.attempts;
  engine().unpin(pinned);
  if (found != nullptr) tries_.begin(*found);
  return found != nullptr;
}

void Tunnel::dial() {
  wait_.disarm();
  const Reason failure = findCluster() ? beginAttempt() : reasonWithoutUpstream();
  if (failure != Reason::kNone) {
    // Ahead of need: the client may still turn out to use HTTP, or to name another upstream.
    if (stage_ == Stage::kGuessing && intercepted()) return;
    return finish(failure);
  }
  if (engine().accessLog() != nullptr || engine().namesFailedEndpoints())
    endpoint_ = attempt_.member()->endpoint.address.text();
  auto stream = attempt_.dial(proxyHeader());
  if (!stream.ok()) return onDialFailed(stream.error());
  server_.open(std::move(stream.value()));
  const tls::ClientConfig* const tls = tries_.cluster()->plan().tls.get();
  if (tls != nullptr) server_scope_ = std::make_unique<const std::string>(tls->scope());
}

// The connections of a client go to the same endpoint, if the balancer wants that.
std::optional<std::uint64_t> Tunnel::hashKey() const {
  if (!tries_.cluster()->wantsKey()) return std::nullopt;
  return stableHash(facts_.address.isUnix() ? facts_.address.path() : facts_.address.ip().text());
}

std::string Tunnel::proxyHeader() {
  const net::ProxyVersion version = tries_.cluster()->plan().options.proxy_protocol;
  if (version == net::ProxyVersion::kNone) return {};
  if (version == net::ProxyVersion::kBinary && id_.empty()) {
    Arena arena(engine().loop().scratch());
    id_ = makeRequestId(engine().random(), arena);
  }
  return net::proxyHeader(version,
                          {facts_.address, facts_.server, facts_.server_name, facts_.alpn, id_});
}

void Tunnel::onDialed() {
  if (stage_ == Stage::kClosed) return;
  connected_ = true;
  attempt_.noteDialed();
  connected_after_ = monotonicNow() - started_;
  if (stage_ == Stage::kConnecting) open();
}

void Tunnel::onDialFailed(const Error& error) {
  const Reason reason = upstream::reasonForConnecting(error);
  attempt_.noteDialFailed(error);
  if (error.code == ErrorCode::kTimeout) {
    engine().metrics().counter(timeoutsKey(0, TimeoutStage::kConnect)).add();
  }
  endAttempt(reason);
  if (server_.stream()) dropServer();
  // The dial was ahead of need: the client may still turn out to use HTTP.
  if (stage_ == Stage::kGuessing) {
    if (intercepted()) armUndecided();
    return;
  }
  if (error.origin != Origin::kUpstream ||
      !tries_.mayRetry({.most = hasFixedEndpoint() ? 0 : most_retries_})) {
    return finish(reason);
  }
  tries_.noteRetry(reason);
  dial();
}

void Tunnel::open() {
  stage_ = Stage::kOpen;
  touch();
  up_.attach(server_);
  down_.attach(client_);
}

void Tunnel::onServerData(Bytes bytes) {
  if (stage_ == Stage::kClosed) return;
  if (stage_ == Stage::kGuessing && beginsHttp2(bytes)) return awaitHttp2();
  if (stage_ == Stage::kGuessing) {  // a server that sends first does not speak HTTP
    countGuess(Detection::kTcpServerFirst);
    if (!isTimeoutOfHttp(bytes)) learn(Destinations::Protocol::kServerFirst);
    commit();
  }
  if (stage_ == Stage::kClosed) return;
  touch();
  sent_.add(bytes.size());
  down_.push(bytes);
}

void Tunnel::onClientEnd() {
  if (stage_ == Stage::kClosed) return;
  if (stage_ == Stage::kGuessing) {
    countGuess(Detection::kTcp);
    commit();
  }
  if (stage_ == Stage::kClosed) return;
  touch();
  up_.end(nullptr);
  closeIfDone();
}

void Tunnel::onServerEnd() {
  if (stage_ == Stage::kClosed) return;
  if (stage_ == Stage::kGuessing) {
    if (!intercepted()) return dropServer();
    commit();  // the end is all that the server has to say
  }
  if (stage_ == Stage::kClosed) return;
  touch();
  down_.end(nullptr);
  closeIfDone();
}

void Tunnel::onClientBroken(const Error& error) {
  if (stage_ == Stage::kHandshake) {
    listener_.failHandshake(*client_.stream()->security(), facts_.address.ip(), error.detail);
  }
  finish(stage_ <= Stage::kGuessing ? Reason::kNone : Reason::kClientDisconnect);
}

void Tunnel::onServerBroken(Error error) {
  if (stage_ == Stage::kClosed) return;
  error.origin = Origin::kUpstream;
  if (!connected_) return onDialFailed(error);
  if (stage_ == Stage::kGuessing && !intercepted()) return dropServer();
  finish(down_.bytes() == 0 ? Reason::kUpstreamResetBeforeHeaders
                            : Reason::kUpstreamResetAfterHeaders);
}

void Tunnel::onAttemptTimeout() { onDialFailed(kConnectTimeout); }

void Tunnel::onWait() {
  if (stage_ == Stage::kClosing) return closeIfSent();
  if (!intercepted()) return dial();  // ahead of need
  if (!raced_) return raceNow();
  endRace();
}

void Tunnel::touch() {
  const Milliseconds limit = listener_.plan().tcp_idle_timeout;
  if (limit.count() > 0) idle_.arm(limit);
}

void Tunnel::onIdle() {
  // Presumably the beginning of a request: the HTTP code reports the error.
  if (stage_ == Stage::kGuessing && !said_.empty()) return speakHttp();
  if (stage_ == Stage::kGuessing && listener_.draining()) return close(Reason::kNone);
  engine().metrics().counter(timeoutsKey(0, TimeoutStage::kIdle)).add();
  const bool waiting = client_.stream()->queued() > 0 ||
                       (server_.stream() != nullptr && server_.stream()->queued() > 0);
  if (waiting || stage_ == Stage::kConnecting) return finish(Reason::kStreamIdle);
  close(Reason::kStreamIdle);
}

void Tunnel::closeIfDone() {
  if (stage_ != Stage::kOpen || !up_.ended() || !down_.ended()) return;
  stage_ = Stage::kClosing;
  closeIfSent();
}

// Polls, because a stream does not report that its last bytes have been sent.
void Tunnel::closeIfSent() {
  const bool to_client = client_.stream()->flush();
  const bool to_server = server_.stream()->flush();
  if (to_client && to_server) return close(Reason::kNone);
  wait_.arm(kSentTick);
}

void Tunnel::drain() {
  // The client's first bytes may be on their way.
  if (stage_ == Stage::kGuessing && said_.empty()) idle_.arm(DownstreamOwner::kFreshGrace);
}

// Established tunnels continue.
void Tunnel::retire() {
  if (stage_ <= Stage::kGuessing) finish(Reason::kDraining);
}

// Aborts both sides, so that neither takes its data for complete.
void Tunnel::finish(Reason reason) {
  if (stage_ == Stage::kClosed) return;
  if (reason == Reason::kDestinationDenied && facts_.interception->unresolved()) {
    listener_.countIntercepted(Resolution::kRefused);
  }
  if (server_.stream()) server_.stream()->abort();
  client_.stream()->abort();
  close(reason);
}

void Tunnel::close(Reason reason) {
  const bool carried = stage_ > Stage::kGuessing;
  stage_ = Stage::kClosed;
  wait_.disarm();
  idle_.disarm();
  endAttempt(reason);
  // The streams may be on the stack: they are destroyed later with this object.
  client_.stream()->setReading(false);
  if (server_.stream()) server_.stream()->setReading(false);
  if (carried) record(reason);
  listener_.remove(*this, secured_, reason);
}

void Tunnel::endAttempt(Reason reason) { attempt_.end(outcomeFor(reason, connected_), reason, 0); }

void Tunnel::dropServer() {
  wait_.disarm();
  connected_ = false;
  attempt_.discard();  // no client needs it
  engine().loop().destroyLater(server_.take());
}

void Tunnel::record(Reason reason) {
  using upstream::RetryOutcome;
  tries_.countRetries(0, connected_ ? RetryOutcome::kSuccess : RetryOutcome::kFailure);
  if (engine().records(reason, 0)) log(reason);
}

void Tunnel::log(Reason reason) {
  http::ExchangeRecord record = describe();
  record.times.total = monotonicNow() - started_;
  record.times.connected = connected_after_;
  record.start = wallClockNow() - record.times.total;
  record.server_name = facts_.server_name;
  record.request_body_bytes = up_.bytes();
  record.response_body_bytes = down_.bytes();
  record.reason = reason;
  if (denial_ != nullptr && reason == Reason::kAuthzDenied) record.reason_detail = *denial_;
  if (shadow_ != nullptr) record.shadow = *shadow_;
  record.attempts = tries_.attempts();
  std::array<char, IpAddress::kMaxText> text{};
  record.client_address = facts_.address.ip().formatClient(text);
  if (intercepted()) record.original_destination = facts_.interception->text;
  if (const auto* cluster = tries_.cluster()) record.upstream = cluster->plan().name;
  record.endpoint = endpoint_;
  record.request_id = id_;
  engine().record(record);
}

}  // namespace weir::proxy
