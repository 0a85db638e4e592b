#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "core/base/clock.h"
#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/h1/server_codec.h"
#include "core/http/h2/options.h"
#include "core/http/limits.h"
#include "core/http/preface.h"
#include "core/http/version_choice.h"
#include "core/net/stream.h"

namespace weir::http {

// How a server treats its connections. 0: no limit.
struct ServerTerms {
  Limits limits;
  VersionChoice versions = VersionChoice::kAuto;
  h2::ServerOptions http2;
  Milliseconds header_timeout{0};
  Milliseconds idle_timeout{0};
};

// A client's connection: a stream and its codec, with the time limits of the connection. The
// derived class makes the exchanges that the codec opens, and destroys the connection.
//
// Life: open -> lingering (queued data is sent, received data is dropped) -> closed.
class ServerConnection : protected net::StreamEvents,
                         private Wire,
                         protected ExchangeSource,
                         private event::Deadline {
 public:
  ~ServerConnection() override;
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

 protected:
  enum class State : std::uint8_t { kOpen, kLingering, kClosed };

  ServerConnection(event::Loop& loop, const ServerTerms& terms,
                   std::unique_ptr<net::Stream> stream);

  // Asked for instead of stored, which keeps an idle connection small.
  virtual event::Loop& loop() = 0;
  virtual const ServerTerms& terms() const = 0;  // in force now: time limits may change
  // The connection is closed: to be destroyed at the end of the turn.
  virtual void onClosed() = 0;
  // A head is not complete in time.
  virtual void onHeadTimeout() {}
  // True if the connection is to be closed once its requests are complete.
  virtual bool draining() const { return false; }

  void read() { stream_->setReading(true); }
  void speakHttp2();  // instead of HTTP/1
  bool speaksHttp1() const { return codec_.index() == 0; }
  // Announces the end of the connection. True if there is nothing to wait for.
  bool drainCodec() { return codec().drain(); }
  bool retireCodec() { return codec().retire(); }  // likewise, and accepts no further request
  void endWhenDrained(bool done);
  void stop();  // aborts all exchanges
  // Sets the time limit of a phase: at the start, and at the beginning of an exchange.
  void armFor(ServerCodec::Phase phase);
  void armForCodec() { armFor(codec().phase()); }  // at the end of an exchange
  void forEachExchange(const std::function<void(RequestEvents&)>& visit) {
    codec().forEachExchange(visit);
  }
  void closeWithin(Milliseconds time) {
    trims_ = false;
    arm(time);
  }
  bool open() const { return state_ == State::kOpen; }
  net::Stream& stream() { return *stream_; }
  const net::Security* security() const { return stream_->security(); }

  // net::StreamEvents
  void onConnected() override {}
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;

 private:
  // Wire
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override { return stream_->queued(); }
  void setReading(bool reading) override;
  void shutdownWrite() override { stream_->shutdownWrite(); }
  void close(bool unread) override;
  void abort() override;

  ServerCodec& codec();
  void useHttp2(event::Loop& loop, const ServerTerms& terms);
  bool detectVersion(Bytes bytes);
  void onDeadline() override;
  void onIdle();
  Milliseconds idleLimit();
  void trimIdle();
  void onSendTick();
  std::uint32_t unsent() { return counted(stream_->queued() + codec().unsent()); }
  static std::uint32_t counted(std::size_t bytes) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, kNone - 1));
  }
  void breakUnread(Unread why);
  void watchSending();
  void remove();

  std::unique_ptr<net::Stream> stream_;
  // HTTP/1 until the client is known to speak HTTP/2; inline, to keep an idle connection small.
  std::variant<h1::ServerCodec, std::unique_ptr<ServerCodec>> codec_;
  // Unsent bytes when the client's deadline was set; kNone: see onDrained().
  static constexpr std::uint32_t kNone = static_cast<std::uint32_t>(-1);
  std::uint32_t unsent_ = kNone;
  State state_ = State::kOpen;
  bool unread_ : 1 = false;  // no memory for data that the client does not read
  bool trims_ : 1 = false;   // at the deadline, after which the rest of the idle time follows
  Preface preface_;
};

}  // namespace weir::http
