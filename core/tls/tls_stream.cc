#include "core/tls/tls_stream.h"

#include <algorithm>
#include <cstring>
#include <openssl/err.h>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/base/lower_case.h"
#include "core/base/plain_text.h"
#include "core/tls/async_signer.h"
#include "core/tls/boringssl.h"
#include "core/tls/peer.h"

namespace weir::tls {
namespace {

// From this size on, bytes are encrypted in place instead of being gathered first.
constexpr std::size_t kDirectBytes = 8 * 1024;
// Bytes encrypted or decrypted at once; with the overhead they fit into a lent buffer.
constexpr std::size_t kAtOnce = 64 * 1024;
// A client can use a record only when it is complete: the first ones fit into one packet each.
constexpr std::uint16_t kSmallRecord = 1350;
constexpr std::uint16_t kLargeRecord = 16 * 1024;
constexpr std::size_t kSmallUntil = 64 * 1024;
constexpr Milliseconds kSmallAfterRest{1'000};

constexpr Error kCutShort = {ErrorCode::kReset, Origin::kLocal, "ended without close_notify"};
constexpr Error kSealing = {ErrorCode::kSystem, Origin::kLocal, "sealing failed"};
constexpr Error kOverload = {ErrorCode::kTls, Origin::kLocal, "too many TLS handshakes"};
constexpr Error kTimeout = {ErrorCode::kTimeout, Origin::kLocal, "TLS handshake timeout"};

std::string_view detailOf(net::Handshake result) {
  switch (result) {
    case net::Handshake::kOk:
      return "";
    case net::Handshake::kClosed:
      return "TLS handshake: the peer closed the connection";
    case net::Handshake::kTimeout:
      return "TLS handshake: timeout";
    case net::Handshake::kProtocol:
      return "TLS handshake: the peer does not speak TLS";
    case net::Handshake::kVersion:
      return "TLS handshake: no version in common";
    case net::Handshake::kCipher:
      return "TLS handshake: no cipher in common";
    case net::Handshake::kUnknownName:
      return "TLS handshake: no certificate for that name";
    case net::Handshake::kNoPeerCertificate:
      return "TLS handshake: the peer sent no certificate";
    case net::Handshake::kBadPeerCertificate:
      return "TLS handshake: the peer's certificate is not acceptable";
    case net::Handshake::kPeerAlert:
      return "TLS handshake: refused by the peer";
    case net::Handshake::kOverload:
      return "TLS handshake: too many at the same time";
    case net::Handshake::kInternal:
      return "TLS handshake: failed";
  }
  return "";
}

// Maps BoringSSL's error of a failed handshake.
net::Handshake failureOf(std::uint32_t error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return net::Handshake::kInternal;
  const int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET) return net::Handshake::kPeerAlert;
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      return net::Handshake::kVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUP:
    case SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return net::Handshake::kCipher;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return net::Handshake::kNoPeerCertificate;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return net::Handshake::kBadPeerCertificate;
    case SSL_R_CLIENTHELLO_TLSEXT:
      return net::Handshake::kUnknownName;
    default:
      return net::Handshake::kProtocol;
  }
}

HandshakeReason alertOf(std::uint32_t error) {
  return reasonOfAlert(ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET);
}

// The fatal alert, unencrypted, at the end of the received bytes; 0: there is none.
std::uint8_t alertIn(Bytes bytes) {
  constexpr std::string_view kStart("\x15\x03", 2);
  constexpr std::string_view kFatal("\0\x02\x02", 3);
  constexpr std::size_t kSize = 7;
  if (bytes.size() < kSize) return 0;
  const std::string_view record = asText(bytes.last(kSize));
  const bool alert = record.starts_with(kStart) && record.substr(3, kFatal.size()) == kFatal;
  return alert ? static_cast<std::uint8_t>(record.back()) : 0;
}

// Describes a record that could not be decrypted after the handshake. In TLS 1.3, a server's
// refusal of weir's certificate arrives there.
std::string_view recordFault(std::uint32_t error) {
  const bool alert =
      ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET;
  return alert ? alertDetail(alertOf(error)) : "broken TLS record";
}

}  // namespace

struct TlsStream::Engine {
  std::unique_ptr<AsyncSigner> signer;  // as long as the handshake may need it
  bssl::UniquePtr<SSL> ssl;
  std::size_t sealed = 0;    // bytes in the loop's seal buffer
  bool last_record = false;  // is being encrypted: no other follows at once

  static TlsStream& streamOf(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    TlsStream& stream = streamOf(bio);
    const Bytes from = stream.held_.empty() ? stream.arrived_ : stream.held_.front();
    const std::size_t now = std::min(from.size(), static_cast<std::size_t>(size));
    if (now == 0) {
      if (stream.wire_ended_) return 0;
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(out, from.data(), now);
    if (stream.held_.empty()) {
      stream.arrived_ = stream.arrived_.subspan(now);
    } else {
      stream.held_.consume(now);
    }
    return static_cast<int>(now);
  }

  static int write(BIO* bio, const char* in, int size) {
    BIO_clear_retry_flags(bio);
    TlsStream& stream = streamOf(bio);
    Engine& engine = *stream.engine_;
    const auto bytes = static_cast<std::size_t>(size);
    if (engine.last_record && bytes >= kDirectBytes) {  // sent directly from where it was encrypted
      stream.wire_->write({stream.loop_.sealBuffer(), std::exchange(engine.sealed, 0)},
                          {in, bytes});
      return size;
    }
    if (engine.sealed + bytes > event::Loop::kLentBytes) stream.sendSealed();
    std::memcpy(stream.loop_.sealBuffer() + engine.sealed, in, bytes);
    engine.sealed += bytes;
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const bssl::UniquePtr<BIO_METHOD> method = [] {
      bssl::UniquePtr<BIO_METHOD> made(BIO_meth_new(0, "weir"));
      BIO_meth_set_create(made.get(), [](BIO* bio) {
        BIO_set_init(bio, 1);
        return 1;
      });
      BIO_meth_set_read(made.get(), read);
      BIO_meth_set_write(made.get(), write);
      BIO_meth_set_ctrl(made.get(), control);
      return made;
    }();
    return method.get();
  }

  Engine(SSL_CTX* context, TlsStream* stream) : ssl(SSL_new(context)) {
    BIO* bio = BIO_new(method());
    BIO_set_data(bio, stream);
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_shed_handshake_config(ssl.get(), 1);
  }
};

TlsStream::TlsStream(event::Loop& loop, std::unique_ptr<net::Stream> wire)
    : loop_(loop),
      wire_(std::move(wire)),
      out_(loop.chunks()),
      held_(loop.chunks()),
      handshake_deadline_(loop.wheel(), *this) {
  wire_->setEvents(*this);
}

std::unique_ptr<net::Stream> TlsStream::accept(event::Loop& loop, std::unique_ptr<net::Stream> wire,
                                               std::shared_ptr<const ServerConfig> context) {
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, std::move(wire)));
  stream->engine_ = std::make_unique<Engine>(context->parts().context.get(), stream.get());
  stream->server_ = std::move(context);
  SSL* ssl = stream->engine_->ssl.get();
  SSL_set_accept_state(ssl);
  if (stream->server_->certificates().holdsRsa()) {
    auto* const self = stream.get();
    self->engine_->signer = std::make_unique<AsyncSigner>(loop, [self] { self->onSigned(); });
    SSL_set_app_data(ssl, self->engine_->signer.get());
  }
  stream->small_records_ = SSL_set_max_send_fragment(ssl, kSmallRecord) == 1;
  stream->handshake_deadline_.arm(stream->server_->options().handshake_timeout);
  if (!stream->beginHandshake()) stream->later(kOverload);
  return stream;
}

std::unique_ptr<net::Stream> TlsStream::connect(event::Loop& loop,
                                                std::unique_ptr<net::Stream> wire,
                                                std::shared_ptr<const ClientConfig> context,
                                                SessionStore* sessions, std::string_view protocol) {
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, std::move(wire)));
  stream->engine_ = std::make_unique<Engine>(context->parts().context.get(), stream.get());
  stream->client_ = std::move(context);
  stream->reading_ = true;
  SSL* ssl = stream->engine_->ssl.get();
  SSL_set_connect_state(ssl);
  const std::string& name = stream->client_->options().server_name;
  if (!name.empty() && !isIpAddress(name)) SSL_set_tlsext_host_name(ssl, name.c_str());
  if (!protocol.empty()) {
    const std::vector<std::uint8_t> offer = alpnOffer({std::string(protocol)});
    SSL_set_alpn_protos(ssl, offer.data(), offer.size());
  }
  if (sessions != nullptr) {
    SSL_set_app_data(ssl, sessions);
    if (SSL_SESSION* latest = sessions->latest(stream->client_->scope())) {
      SSL_set_session(ssl, latest);
    }
    sessions->used();
  }
  return stream;
}

TlsStream::~TlsStream() {
  loop_.cancelTurnEnd(*this);
  endHandshake();
  if (state_ != State::kOpen) return;
  sealQueued();
  if (end_ != End::kSent) sayEnd();
  sendSealed();
}

// False if the maximum number of handshakes is in progress.
bool TlsStream::beginHandshake() {
  const ServerSetup& options = server_->options();
  if (options.handshakes == nullptr) return true;
  counted_ = options.handshakes->tryAdd(options.max_handshakes);
  return counted_;
}

void TlsStream::endHandshake() {
  if (std::exchange(counted_, false)) server_->options().handshakes->remove();
}

void noteVerdict(const SSL* ssl, Verifier::Verdict verdict) {
  TlsStream& stream = TlsStream::Engine::streamOf(SSL_get_rbio(ssl));
  stream.peer_until_ = verdict.until;
  stream.security_.reason = verdict.reason;
  if (verdict.accepted()) return;
  stream.security_.detail = std::make_unique<const std::string>(std::move(verdict.detail));
}

Nanoseconds peerUntil(const SSL* ssl) {
  return TlsStream::Engine::streamOf(SSL_get_rbio(ssl)).peer_until_;
}

void TlsStream::onConnected() { advance(); }

void TlsStream::onData(Bytes bytes) {
  // Data after the peer's end must be ignored, and must not accumulate.
  if (state_ == State::kBroken || peer_ended_) return;
  if (first_byte_ == '\0' && !bytes.empty()) first_byte_ = bytes.front();
  if (state_ == State::kHandshake) clear_alert_ = alertIn(bytes);
  if (held_.empty()) {
    arrived_ = bytes;
  } else {
    held_.append(bytes);
  }
  advance();
  held_.append(std::exchange(arrived_, {}));
}

void TlsStream::onEnd() {
  wire_ended_ = true;
  if (state_ != State::kBroken) advance();
}

void TlsStream::advance() {
  if (to_tell_) return;  // it has ended, which is not reported yet
  if (state_ == State::kHandshake && !shakeHands()) return;
  open();
}

void TlsStream::onSigned() {
  if (state_ == State::kHandshake) advance();
}

bool TlsStream::shakeHands() {
  SSL* ssl = engine_->ssl.get();
  const int result = SSL_do_handshake(ssl);
  const int why = SSL_get_error(ssl, result);
  const std::uint32_t error = ERR_peek_error();
  ERR_clear_error();
  if (result == 1) {
    sendSealed();
    finishHandshake();
    return state_ == State::kOpen;
  }
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_PRIVATE_KEY_OPERATION) {
    sendSealed();
  } else {
    failHandshake(why, error);
  }
  return false;
}

// A TLS 1.3 client that refuses weir's certificate may send its alert before it has keys: BoringSSL
// reports a malformed record.
void TlsStream::explain(net::Handshake& failure, std::uint32_t error) {
  if (security_.reason == HandshakeReason::kNoIdentity) failure = net::Handshake::kInternal;
  if (failure == net::Handshake::kPeerAlert) security_.reason = alertOf(error);
  if (failure != net::Handshake::kProtocol || clear_alert_ == 0) return;
  failure = net::Handshake::kPeerAlert;
  security_.reason = reasonOfAlert(clear_alert_);
}

// No TLS record begins with a letter; an HTTP request does.
bool TlsStream::saysPlainHttp() const {
  return server_ != nullptr && first_byte_ >= 'A' && first_byte_ <= 'Z';
}

void TlsStream::failHandshake(int why, std::uint32_t error) {
  const bool gone = why == SSL_ERROR_SYSCALL || why == SSL_ERROR_ZERO_RETURN;
  net::Handshake failure = gone ? net::Handshake::kClosed : failureOf(error);
  explain(failure, error);
  const std::string_view detail =
      failure == net::Handshake::kPeerAlert ? alertDetail(security_.reason) : detailOf(failure);
  if (failure == net::Handshake::kProtocol && saysPlainHttp()) {
    security_.reason = HandshakeReason::kPlainHttp;
    const std::string_view reply = server_->options().plain_http_reply;
    if (!reply.empty()) engine_->sealed = 0;  // an alert, which such a client cannot read
    wire_->write(asBytes(reply), {});
  }
  sendSealed();
  if (!gone) warn(detail);
  fail(failure, {ErrorCode::kTls, Origin::kLocal, detail});
}

// For upstreams only; for clients, the code that accepted them knows more.
void TlsStream::warn(std::string_view what) const {
  auto* endpoint = client_ == nullptr
                       ? nullptr
                       : static_cast<SessionStore*>(SSL_get_app_data(engine_->ssl.get()));
  if (endpoint == nullptr) return;
  std::string text = "TLS to " + printable(client_->options().server_name, 255) + ": ";
  text += what;
  if (security_.detail != nullptr) text += ": " + *security_.detail;
  const std::string line = endpoint->log().admit(text, loop_.now());
  if (!line.empty()) log::warning(line);
}

void TlsStream::finishHandshake() {
  SSL* ssl = engine_->ssl.get();
  if (engine_->signer != nullptr) {
    SSL_set_app_data(ssl, nullptr);
    engine_->signer = nullptr;
  }
  state_ = State::kOpen;
  endHandshake();
  handshake_deadline_.disarm();
  security_.version = SSL_get_version(ssl);
  security_.cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
  security_.resumed = SSL_session_reused(ssl) == 1;
  const std::uint8_t* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  security_.protocol = {reinterpret_cast<const char*>(protocol), size};
  noteServerName();
  const auto& verifier = server_ ? server_->options().clients : client_->options().servers;
  if (verifier != nullptr) security_.peer = peerOf(ssl, *verifier, peer_until_);
  if (!out_.empty() || end_ == End::kWanted) loop_.atTurnEnd(*this);
  events_->onConnected();
}

void TlsStream::noteServerName() {
  const char* name = SSL_get_servername(engine_->ssl.get(), TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) security_.server_name = lowerCase(name);
}

void TlsStream::open() {
  while (state_ == State::kOpen && reading_ && !peer_ended_ && openSome()) {
  }
}

// Delivers received data, up to one buffer. False if no more can be delivered now.
bool TlsStream::openSome() {
  SSL* ssl = engine_->ssl.get();
  char* const buffer = loop_.openBuffer();
  std::size_t size = 0;
  int why = SSL_ERROR_NONE;
  std::uint32_t error = 0;
  security_.early_data = SSL_in_early_data(ssl) == 1;
  while (size < kAtOnce && why == SSL_ERROR_NONE) {
    const int got = SSL_read(ssl, buffer + size, static_cast<int>(kAtOnce - size));
    if (got <= 0) {
      why = SSL_get_error(ssl, got);
      break;
    }
    size += static_cast<std::size_t>(got);
    if (nothingLeft()) why = SSL_ERROR_WANT_READ;
  }
  if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ) {
    error = ERR_peek_error();
    ERR_clear_error();
  }
  sendSealed();  // the response to a key update, or an alert
  if (size > 0) events_->onData({buffer, size});
  if (state_ != State::kOpen || !reading_) return false;  // the rest is delivered later
  switch (why) {
    case SSL_ERROR_NONE:
      return true;
    case SSL_ERROR_WANT_READ:
      return false;
    case SSL_ERROR_ZERO_RETURN:
      peer_ended_ = true;
      events_->onEnd();
      return false;
    case SSL_ERROR_SYSCALL:
      fail(net::Handshake::kOk, kCutShort);
      return false;
    default: {
      const std::string_view fault = recordFault(error);
      warn(fault);
      fail(net::Handshake::kOk, {ErrorCode::kTls, Origin::kLocal, fault});
      return false;
    }
  }
}

// True if no received bytes wait to be decrypted.
bool TlsStream::nothingLeft() const {
  return arrived_.empty() && held_.empty() && !wire_ended_ &&
         SSL_has_pending(engine_->ssl.get()) == 0;
}

void TlsStream::setReading(bool reading) {
  reading_ = reading;
  if (state_ == State::kBroken) return;
  wire_->setReading(reading);
  if (!reading || state_ == State::kHandshake) return;
  // The caller must not be called back from within its call.
  if (nothingLeft()) return;
  resume_ = true;
  loop_.atTurnEnd(*this);
}

void TlsStream::write(Bytes first, Bytes second) {
  if (state_ == State::kBroken || end_ != End::kNone) return;
  const std::size_t size = out_.size() + first.size() + second.size();
  if (state_ == State::kOpen && size >= kDirectBytes) {
    sealQueued();
    seal(first, second.empty());
    seal(second, true);
    sendSealed();
  } else {
    out_.append(first);
    out_.append(second);
    if (state_ == State::kOpen) loop_.atTurnEnd(*this);
  }
  if (queued() > kLowWater) backed_up_ = true;
}

void TlsStream::sealQueued() {
  while (!out_.empty()) {
    const Bytes piece = out_.front();
    seal(piece, false);
    out_.consume(piece.size());
  }
}

// `last`: the bytes encrypted so far leave next.
void TlsStream::seal(Bytes bytes, bool last) {
  SSL* ssl = engine_->ssl.get();
  if (server_ != nullptr && !small_records_ && loop_.now() - sent_at_ > kSmallAfterRest) {
    small_records_ = SSL_set_max_send_fragment(ssl, kSmallRecord) == 1;
    sent_ = 0;
  }
  sent_at_ = loop_.now();
  while (!bytes.empty() && !to_tell_) {
    if (small_records_ && sent_ >= kSmallUntil) {
      small_records_ = SSL_set_max_send_fragment(ssl, kLargeRecord) != 1;
    }
    const std::size_t most = small_records_ ? kAtOnce : kLargeRecord;
    const Bytes now = bytes.first(std::min(bytes.size(), most));
    engine_->last_record = last && !small_records_ && now.size() == bytes.size();
    if (SSL_write(ssl, now.data(), static_cast<int>(now.size())) <= 0) {
      ERR_clear_error();  // the error queue is per thread: another stream would read this error
      return later(kSealing);
    }
    engine_->last_record = false;
    sent_ += now.size();
    bytes = bytes.subspan(now.size());
  }
}

// Sends close_notify; whether the peer answers it does not matter.
void TlsStream::sayEnd() {
  SSL_shutdown(engine_->ssl.get());
  ERR_clear_error();
}

void TlsStream::sendSealed() {
  const std::size_t size = std::exchange(engine_->sealed, 0);
  if (size > 0) wire_->write({loop_.sealBuffer(), size}, {});
}

std::size_t TlsStream::queued() const { return out_.size() + wire_->queued(); }

bool TlsStream::flush() {
  if (state_ == State::kOpen) {
    sealQueued();
    sendSealed();
  }
  return wire_->flush() && out_.empty();
}

void TlsStream::shutdownWrite() {
  if (end_ != End::kNone) return;
  end_ = End::kWanted;
  if (state_ == State::kOpen) loop_.atTurnEnd(*this);
}

void TlsStream::abort() {
  flush();
  end_ = End::kSent;  // although nothing was sent: close_notify must not follow
  wire_->abort();
}

void TlsStream::onTurnEnd() {
  if (to_tell_ && state_ != State::kBroken) {
    // During the handshake there is only one error to report.
    const bool refused = state_ == State::kHandshake;
    return fail(refused ? net::Handshake::kOverload : net::Handshake::kOk, *to_tell_);
  }
  if (state_ != State::kOpen) return;
  sealQueued();
  if (end_ == End::kWanted) sayEnd();
  sendSealed();
  if (end_ == End::kWanted) {
    end_ = End::kSent;
    wire_->shutdownWrite();
  }
  if (std::exchange(resume_, false)) open();
  if (state_ == State::kOpen) onDrained();
}

void TlsStream::onDrained() {
  if (!backed_up_ || queued() > kLowWater) return;
  backed_up_ = false;
  events_->onDrained();
}

void TlsStream::onHandshakeTimeout() {
  if (state_ == State::kHandshake) fail(net::Handshake::kTimeout, kTimeout);
}

void TlsStream::onBroken(Error error) {
  if (state_ == State::kBroken) return;
  fail(net::Handshake::kClosed, error);
}

void TlsStream::fail(net::Handshake result, const Error& error) {
  if (state_ == State::kHandshake) {
    security_.result = result;
    noteServerName();
  }
  state_ = State::kBroken;
  endHandshake();
  handshake_deadline_.disarm();
  wire_->flush();  // for an alert with the reason
  wire_->setReading(false);
  events_->onBroken(error);
}

void TlsStream::later(const Error& error) {
  to_tell_ = error;
  loop_.atTurnEnd(*this);
}

}  // namespace weir::tls
