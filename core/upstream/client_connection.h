#pragma once

#include <cstdint>
#include <memory>

#include "core/base/linked.h"
#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/h2/options.h"
#include "core/http/version_choice.h"
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
  // It may have become free for another exchange, or busy: see ClientCodec::free().
  virtual void onFree(ClientConnection& connection) = 0;
};

// A connection to one endpoint, with the codec that speaks on it.
//
// Owned by: Cluster, which lends it to as many exchanges at a time as the codec takes.
// Life:     connecting -> idle <-> busy -> closed.
class ClientConnection final : public event::Disposable,
                               public Linked<ClientConnection>,  // the owner's list
                               private net::StreamEvents,
                               private http::Wire,
                               private http::ClientCodecEvents {
 public:
  // Under TLS the codec follows from what was agreed on, whatever `protocol`.
  ClientConnection(event::Loop& loop, ClientConnectionEvents& owner, http::VersionChoice protocol,
                   const http::h2::Options& options);
  ~ClientConnection() override;

  // onConnected or onConnectFailed follows, unless it fails at once.
  Result<void> connect(net::Connector& connector, const net::Address& to, Milliseconds timeout);
  http::ClientCodec& codec() { return *codec_; }  // once connected
  // Null: it showed no certificate, or nobody checked it.
  const net::PeerCertificate* peer() const {
    const net::Security* security = stream_->security();
    return security == nullptr ? nullptr : security->peer.get();
  }
  bool open() const { return state_ == State::kOpen; }
  bool multiplexes() const { return protocol_ == http::VersionChoice::kHttp2; }  // once connected
  void armIdle(Milliseconds timeout) { deadline_.arm(timeout); }
  void disarmIdle() { deadline_.disarm(); }
  void setLender(void* lender) { lender_ = lender; }  // what the owner keeps beside it
  void* lender() const { return lender_; }
  bool countedIdle() const { return counted_idle_; }  // by the owner, as well
  void setCountedIdle(bool idle) { counted_idle_ = idle; }
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
  void onFreeChanged() override;

  void onDeadline();
  void finishClosing();

  void makeCodec();

  event::Loop& loop_;
  ClientConnectionEvents& owner_;
  const http::h2::Options options_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<http::ClientCodec> codec_;
  event::Alarm<ClientConnection, &ClientConnection::onDeadline> deadline_;  // connecting, or idle
  void* lender_ = nullptr;
  Nanoseconds connect_started_{0};
  State state_ = State::kConnecting;
  http::VersionChoice protocol_;
  bool counted_idle_ = false;
};

}  // namespace weir::upstream
