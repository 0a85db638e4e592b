#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "core/base/linked.h"
#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/h2/options.h"
#include "core/http/version_choice.h"
#include "core/net/connector.h"
#include "core/net/stream.h"
#include "core/upstream/share.h"

namespace weir::upstream {

class ClientConnection;

// Receives the events of connections. Implemented by EndpointPool.
class ClientConnectionEvents {
 public:
  virtual ~ClientConnectionEvents() = default;
  virtual void onReady(ClientConnection& connection) = 0;    // takes exchanges from now on
  virtual void onChanged(ClientConnection& connection) = 0;  // state() may have changed
  // An exchange was cancelled; the rest of its response is read and discarded before the connection
  // takes another.
  virtual void onRestBegin(ClientConnection& connection) = 0;
  virtual void onRestEnd(ClientConnection& connection) = 0;
  // Each of these ends the connection, which is closed and must be given to Loop::destroyLater.
  virtual void onConnectFailed(ClientConnection& connection, Error error) = 0;
  virtual void onClosed(ClientConnection& connection) = 0;
};

// A connection to one endpoint, with its codec.
//
// Owned by: EndpointPool, which lends it to as many concurrent exchanges as the codec takes.
class ClientConnection final : public event::Disposable,
                               public Linked<ClientConnection>,  // all of the owner
                               private net::StreamEvents,
                               private http::Wire,
                               private http::ClientCodecEvents {
 public:
  enum class State : std::uint8_t {
    kIdle,        // no exchange is open
    kBusy,        // takes further exchanges beside the open ones
    kFull,        // takes none at present
    kDraining,    // takes none any more: closed when the last one ends
    kConnecting,  // the peer's limits are not known yet
    kFlushing,    // its last bytes are being sent
    kClosed,
  };

  // With TLS, ALPN determines the codec, whatever `protocol`.
  ClientConnection(event::Loop& loop, ClientConnectionEvents& owner, http::VersionChoice protocol,
                   const http::h2::Options& options);
  ~ClientConnection() override;

  // onReady or onConnectFailed follows, unless it fails at once.
  Result<void> connect(net::Connector& connector, const net::Address& to, Milliseconds timeout);
  // No event follows.
  void closeNow();
  // Without an exchange: closes after its last bytes have been sent; onClosed follows.
  void retire() { close(false); }
  void drain() { drains_at_ = Milliseconds::min(); }  // it takes no further exchange
  // Fails its exchanges after that time, and closes it; it takes no further ones.
  void revokeAfter(Milliseconds time);
  // Counted from now; a connection whose lifetime has ended drains.
  void limitLifetime(Milliseconds lifetime) {
    drains_at_ = std::min(drains_at_, loop_.now() + lifetime);
  }
  void armIdle(Milliseconds timeout);  // closes it after that time
  void disarmIdle() { deadline_.disarm(); }

  // Derived from the current state of the codec.
  State state() const {
    if (phase_ != Phase::kOpen) return stateOfPhase();
    const bool over = drains_at_ != kNever && loop_.now() >= drains_at_;
    return over ? State::kDraining : static_cast<State>(codec_->room());
  }
  http::ClientCodec& codec() { return *codec_; }  // once connected
  // Null: the peer sent no certificate, or none was verified.
  const net::PeerCertificate* peer() const {
    const net::Security* security = stream_->security();
    return security == nullptr ? nullptr : security->peer.get();
  }
  // Null: plaintext. The properties of a handshake that is complete.
  const net::Security* security() const { return stream_->security(); }
  bool multiplexes() const { return protocol_ == http::VersionChoice::kHttp2; }  // once connected
  Nanoseconds connectTook() const { return connect_took_; }

  // Its place among the connections that take exchanges.
  struct Offer : Linked<Offer> {
    explicit Offer(ClientConnection& owner) : connection(owner) {}
    ClientConnection& connection;
  };
  // The pool's data about the connection.
  struct Record {
    explicit Record(ClientConnection& owner) : offer(owner) {}
    Offer offer;
    State state = State::kClosed;   // as last examined
    bool http1_only = false;        // made for an exchange that HTTP/2 cannot carry
    Share* borrowed_for = nullptr;  // of its latest exchange; valid as long as the exchange
    Share::Charge charge;           // while it reads an unwanted response
    std::size_t promised = 0;       // exchanges that may rely on it while it connects
    std::uint64_t terms = 0;        // the latest terms of the cluster that its peer meets
    std::uint64_t ready_in = 0;     // the pass of the pool during which it became ready
  };
  Record& record() { return record_; }
  const Record& record() const { return record_; }

 private:
  static constexpr Milliseconds kNever = Milliseconds::max();
  enum class Phase : std::uint8_t { kConnecting, kGreeting, kOpen, kFlushing, kClosed };

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
  void onRestBegin() override;
  void onRestEnd() override;

  State stateOfPhase() const;
  void onDeadline();
  void becomeReady();
  void failConnecting(Error error);
  void finishClosing();
  void makeCodec();
  bool speaking() const { return phase_ == Phase::kOpen || phase_ == Phase::kGreeting; }

  event::Loop& loop_;
  ClientConnectionEvents& owner_;
  const http::h2::Options options_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<http::ClientCodec> codec_;
  event::Alarm<ClientConnection, &ClientConnection::onDeadline> deadline_;  // of the phase
  Nanoseconds connect_started_{0};
  Nanoseconds connect_took_{0};
  Milliseconds drains_at_ = kNever;
  Record record_{*this};
  Phase phase_ = Phase::kConnecting;
  bool revoked_ = false;
  http::VersionChoice protocol_;
};

}  // namespace weir::upstream
