#pragma once

#include <memory>
#include <variant>

#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/h1/server_codec.h"
#include "core/http/preface.h"
#include "core/net/address.h"
#include "core/net/stream.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/lifetime.h"
#include "core/proxy/listener.h"
#include "core/upstream/share.h"

namespace weir::proxy {

// A client's connection: a stream, its codec, and the exchanges that the codec opens.
//
// Owned by: Listener's list, until remove().
// Life:     open -> lingering (queued data is sent, received data is dropped) -> closed.
class ServerConnection final : public DownstreamConnection,
                               private net::StreamEvents,
                               private http::Wire,
                               private http::ExchangeSource {
 public:
  ServerConnection(Listener& listener, std::unique_ptr<net::Stream> stream,
                   const net::Address& peer);
  ~ServerConnection() override;

  void start();
  void drain() override;  // closes after the current request, or now
  void retire() override;
  void closeNow() override;

 private:
  enum class State : std::uint8_t { kOpen, kLingering, kClosed };

  // net::StreamEvents
  void onConnected() override;
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;
  // http::Wire
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override { return stream_->queued(); }
  void setReading(bool reading) override;
  void shutdownWrite() override { stream_->shutdownWrite(); }
  void close(bool unread) override;
  void abort() override;
  // http::ExchangeSource
  http::RequestEvents& openExchange(http::Responder& responder) override;
  void closeExchange(http::RequestEvents& exchange) override;
  void onFlood(http::Flood kind) override;
  void onUnread(http::Unread why) override;

  http::ServerCodec& codec();
  bool detectVersion(Bytes bytes);
  bool secured() const { return stream_->security() != nullptr; }
  void speakAsAgreed();
  void speakHttp2();
  void endWhenDrained(bool done);
  void onDeadline();
  void onIdle();
  void onSendTick();
  std::size_t unsent() { return stream_->queued() + codec().unsent(); }
  void breakUnread(http::Unread why);
  void watchSending();
  void armFor(http::ServerCodec::Phase phase);
  void remove();

  Listener& listener_;
  std::unique_ptr<net::Stream> stream_;
  // HTTP/1 until the client is known to speak HTTP/2; inline, to keep an idle connection small.
  std::variant<http::h1::ServerCodec, std::unique_ptr<http::ServerCodec>> codec_;
  net::Ip peer_;
  upstream::Share share_;
  std::unique_ptr<Lifetime> lifetime_;  // null: the client decides when it ends
  event::Alarm<ServerConnection, &ServerConnection::onDeadline> deadline_;
  State state_ = State::kOpen;
  // Unsent bytes when the client's deadline was set; kNone: see onDrained().
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t unsent_ = kNone;
  bool unread_ = false;  // no memory for data that the client does not read
  bool served_ = false;  // a request, or at least its beginning
  http::Preface preface_;
};

}  // namespace weir::proxy
