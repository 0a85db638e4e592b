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

// TLS over any stream (RFC 8446, RFC 5246). Once the handshake is over it tells onConnected.
//
// Small writes are gathered and sealed once at the end of the turn; large ones are sealed straight
// from the caller's memory, in records that grow with the amount that is sent. A connection at
// rest holds no buffers. An end that the peer did not announce with close_notify breaks the stream:
// somebody may have cut it short.
class TlsStream final : public net::Stream, private net::StreamEvents, private event::TurnEnd {
 public:
  // Our side of an accepted connection. Bytes may be written once it is connected.
  static std::unique_ptr<net::Stream> accept(event::Loop& loop, std::unique_ptr<net::Stream> wire,
                                             std::shared_ptr<const ServerConfig> context);
  // Our side of a connection that we open; `wire` is connecting. `sessions` may be null,
  // and is used until the stream no longer reads. `protocol` is the only one offered by ALPN;
  // empty: those of `context`.
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
  struct Engine;  // BoringSSL's part
  friend struct Engine;
  friend void noteVerdict(const ssl_st* ssl, Verifier::Verdict verdict);
  enum class State : std::uint8_t { kHandshake, kOpen, kBroken };
  enum class End : std::uint8_t { kNone, kWanted, kSent };  // of what we write

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
  std::shared_ptr<const ServerConfig> server_;  // one of the two
  std::shared_ptr<const ClientConfig> client_;
  net::StreamEvents* events_ = nullptr;
  net::Security security_;

  Buffer out_;            // written, not sealed yet
  Buffer held_;           // arrived while nobody wanted it
  Bytes arrived_;         // what the wire tells of at this moment
  std::size_t sent_ = 0;  // since the records were last made small
  Milliseconds sent_at_{0};
  Nanoseconds peer_until_{0};  // of the wall clock: a certificate of its chain ends
  State state_ = State::kHandshake;
  char first_byte_ = '\0';        // that the peer sent
  std::uint8_t clear_alert_ = 0;  // by which the peer refused us, in the clear
  End end_ = End::kNone;
  bool counted_ = false;  // among the handshakes under way
  bool reading_ = false;
  bool wire_ended_ = false;
  bool peer_ended_ = false;  // told
  bool small_records_ = false;
  bool backed_up_ = false;
  bool resume_ = false;           // reading, at the end of the turn
  std::optional<Error> to_tell_;  // at the end of the turn
  event::Alarm<TlsStream, &TlsStream::onHandshakeTimeout> handshake_deadline_;
};

}  // namespace weir::tls
