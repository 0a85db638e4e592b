#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/buffer.h"
#include "core/net/stream.h"
#include "core/tls/client_config.h"
#include "core/tls/server_config.h"
#include "core/tls/session_store.h"

namespace weir::tls {

// TLS over any stream (RFC 8446, RFC 5246). Calls onConnected after the handshake.
//
// Small writes are gathered and encrypted once at the end of the turn; large ones are encrypted
// directly from the caller's memory, in records that grow with the amount sent. An idle connection
// holds no buffers. If the peer ends the connection without close_notify, the stream is broken: the
// data may have been truncated.
class TlsStream final : public net::Stream, private net::StreamEvents, private event::TurnEnd {
 public:
  // The server side of an accepted connection. Bytes may be written once it is connected.
  static std::unique_ptr<net::Stream> accept(event::Loop& loop, std::unique_ptr<net::Stream> wire,
                                             std::shared_ptr<const ServerConfig> context);
  // The client side of a new connection; `wire` is connecting. `sessions` may be null, and is used
  // until the stream no longer reads. `protocol` is the only one offered by ALPN; empty: those of
  // `context`.
  static std::unique_ptr<net::Stream> connect(event::Loop& loop, std::unique_ptr<net::Stream> wire,
                                              std::shared_ptr<const ClientConfig> context,
                                              SessionStore* sessions,
                                              std::string_view protocol = {});
  ~TlsStream() override;

  void setEvents(net::StreamEvents& events) override { events_ = &events; }
  using net::Stream::write;
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override;
  bool flush() override;
  void setReading(bool reading) override;
  void shutdownWrite() override;
  void abort() override;
  const net::Security* security() const override { return &security_; }

 private:
  struct Engine;  // BoringSSL's state
  friend struct Engine;
  friend void noteVerdict(const ssl_st* ssl, Verifier::Verdict verdict);
  friend Nanoseconds peerUntil(const ssl_st* ssl);
  enum class State : std::uint8_t { kHandshake, kOpen, kBroken };
  enum class End : std::uint8_t { kNone, kWanted, kSent };  // of outgoing data

  TlsStream(event::Loop& loop, std::unique_ptr<net::Stream> wire);

  void onConnected() override;
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;
  void onTurnEnd() override;
  void onHandshakeTimeout();
  void onSigned();

  void advance();
  bool shakeHands();
  void failHandshake(int why, std::uint32_t error);
  bool saysPlainHttp() const;
  void explain(net::Handshake& failure, std::uint32_t error);
  void finishHandshake();
  void noteServerName();
  void open();
  bool openSome();
  bool nothingLeft() const;
  void sealQueued();
  void seal(Bytes bytes, bool last);
  void sayEnd();
  void sendSealed();
  bool beginHandshake();
  void endHandshake();
  void fail(net::Handshake result, const Error& error);
  void warn(std::string_view what) const;
  void later(const Error& error);

  event::Loop& loop_;
  std::unique_ptr<net::Stream> wire_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const ServerConfig> server_;  // either this or client_ is set
  std::shared_ptr<const ClientConfig> client_;
  net::StreamEvents* events_ = nullptr;
  net::Security security_;

  Buffer out_;            // written, not encrypted yet
  Buffer held_;           // received while reading was paused
  Bytes arrived_;         // the bytes that the wire is delivering
  std::size_t sent_ = 0;  // since record sizes were last reset
  Milliseconds sent_at_{0};
  Nanoseconds peer_until_{0};  // wall clock: when the first certificate of its chain expires
  State state_ = State::kHandshake;
  char first_byte_ = '\0';        // received from the peer
  std::uint8_t clear_alert_ = 0;  // the plaintext alert by which the peer refused the handshake
  End end_ = End::kNone;
  bool counted_ = false;  // among the handshakes in progress
  bool reading_ = false;
  bool wire_ended_ = false;
  bool peer_ended_ = false;  // reported
  bool small_records_ = false;
  bool backed_up_ = false;
  bool resume_ = false;           // resume reading at the end of the turn
  std::optional<Error> to_tell_;  // to be reported at the end of the turn
  event::Alarm<TlsStream, &TlsStream::onHandshakeTimeout> handshake_deadline_;
};

}  // namespace weir::tls
