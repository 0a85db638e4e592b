#pragma once

#include <cstdint>
#include <memory>

#include "core/base/linked.h"
#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/h1/client_codec.h"
#include "core/net/connector.h"
#include "core/net/stream.h"

namespace weir::upstream {

class ClientConnection;

// Hears of its connections. Implemented by Cluster.
class ClientConnectionEvents {
 public:
  virtual ~ClientConnectionEvents() = default;
  virtual void onConnected(ClientConnection& connection) = 0;
  // It takes no more exchanges, but its last bytes have yet to leave: onClosed follows.
  virtual void onFlushing(ClientConnection& connection) = 0;
  // Each of these ends the connection: it is closed and to be given to Loop::destroyLater.
  virtual void onConnectFailed(ClientConnection& connection, Error error) = 0;
  virtual void onClosed(ClientConnection& connection) = 0;
  // An exchange on it is over and another may follow.
  virtual void onIdle(ClientConnection& connection) = 0;
};

// A connection to one endpoint, with the codec that speaks on it.
//
// Owned by: Cluster, which lends it to one exchange at a time.
// Life:     connecting -> idle <-> busy -> closed.
class ClientConnection final : public event::Disposable,
                               public Linked<ClientConnection>,  // the owner's list
                               private net::StreamEvents,
                               private http::Wire,
                               private http::ClientCodecEvents {
 public:
  ClientConnection(event::Loop& loop, ClientConnectionEvents& owner, http::Limits limits);
  ~ClientConnection() override;

  // onConnected or onConnectFailed follows, unless it fails at once.
  Result<void> connect(net::Connector& connector, const net::Address& to, Milliseconds timeout);
  http::ClientCodec& codec() { return codec_; }
  void armIdle(Milliseconds timeout) { deadline_.arm(timeout); }
  void disarmIdle() { deadline_.disarm(); }
  void setLender(void* lender) { lender_ = lender; }  // what the owner keeps beside it
  void* lender() const { return lender_; }
  Nanoseconds connectStarted() const { return connect_started_; }
  void closeNow();  // with no exchange on it; no event follows

 private:
  enum class State : std::uint8_t { kConnecting, kOpen, kFlushing, kClosed };

  // net::StreamEvents
  void onConnected() override;
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;
  // http::Wire
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override { return stream_ == nullptr ? 0 : stream_->queued(); }
  void setReading(bool reading) override;
  void shutdownWrite() override;
  void close(bool unread) override;
  // http::ClientCodecEvents
  void onExchangeEnd(bool reusable) override;

  void onDeadline();
  void finishClosing();

  ClientConnectionEvents& owner_;
  std::unique_ptr<net::Stream> stream_;
  http::h1::ClientCodec codec_;
  event::Alarm<ClientConnection, &ClientConnection::onDeadline> deadline_;  // connecting, or idle
  void* lender_ = nullptr;
  Nanoseconds connect_started_{0};
  State state_ = State::kConnecting;
};

}  // namespace weir::upstream
