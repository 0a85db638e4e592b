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

// Hears of its connections. Implemented by EndpointPool.
class ClientConnectionEvents {
 public:
  virtual ~ClientConnectionEvents() = default;
  virtual void onReady(ClientConnection& connection) = 0;    // takes exchanges from now on
  virtual void onChanged(ClientConnection& connection) = 0;  // state() may be another
  // Its exchange was cancelled; what is left of the answer is read and dropped before it takes
  // another.
  virtual void onRestBegin(ClientConnection& connection) = 0;
  virtual void onRestEnd(ClientConnection& connection) = 0;
  // Each of these ends the connection: it is closed and to be given to Loop::destroyLater.
  virtual void onConnectFailed(ClientConnection& connection, Error error) = 0;
  virtual void onClosed(ClientConnection& connection) = 0;
};

// A connection to one endpoint, with the codec that speaks on it.
//
// Owned by: EndpointPool, which acquires it to as many exchanges at a time as the codec takes.
class ClientConnection final : public event::Disposable,
                               public Linked<ClientConnection>,  // all of the owner
                               private net::StreamEvents,
                               private http::Wire,
                               private http::ClientCodecEvents {
 public:
  enum class State : std::uint8_t {
    kIdle,        // carries no exchange
    kBusy,        // takes further exchanges beside those that it carries
    kFull,        // takes none at present
    kDraining,    // takes none any more: to be closed once it carries none
    kConnecting,  // the peer has yet to say what it takes
    kFlushing,    // its last bytes have yet to leave
    kClosed,
  };

  // Under TLS the codec follows from what was agreed on, whatever `protocol`.
  ClientConnection(event::Loop& loop, ClientConnectionEvents& owner, http::VersionChoice protocol,
                   const http::h2::Options& options);
  ~ClientConnection() override;

  // onReady or onConnectFailed follows, unless it fails at once.
  Result<void> connect(net::Connector& connector, const net::Address& to, Milliseconds timeout);
  // No event follows.
  void closeNow();
  // With no exchange on it: closes once its last bytes have left, which is told.
  void retire() { close(false); }
  void drain() { drains_at_ = Milliseconds::min(); }  // it takes no further exchange
  // From now on; a connection whose time is over drains.
  void limitLifetime(Milliseconds lifetime) {
    drains_at_ = std::min(drains_at_, loop_.now() + lifetime);
  }
  void armIdle(Milliseconds timeout);  // closes it after so long
  void disarmIdle() { deadline_.disarm(); }

  // Follows from what the codec says at this moment.
  State state() const {
    if (phase_ != Phase::kOpen) return stateOfPhase();
    const bool over = drains_at_ != kNever && loop_.now() >= drains_at_;
    return over ? State::kDraining : static_cast<State>(codec_->room());
  }
  http::ClientCodec& codec() { return *codec_; }  // once connected
  // Null: it showed no certificate, or nobody checked it.
  const net::PeerCertificate* peer() const {
    const net::Security* security = stream_->security();
    return security == nullptr ? nullptr : security->peer.get();
  }
  bool multiplexes() const { return protocol_ == http::VersionChoice::kHttp2; }  // once connected
  Nanoseconds connectTook() const { return connect_took_; }

  // Its place among those that take exchanges.
  struct Offer : Linked<Offer> {
    explicit Offer(ClientConnection& owner) : connection(owner) {}
    ClientConnection& connection;
  };
  // What the pool keeps beside it.
  struct Record {
    explicit Record(ClientConnection& owner) : offer(owner) {}
    Offer offer;
    State state = State::kClosed;   // as of the latest look
    bool http1_only = false;        // it was made for an exchange that HTTP/2 cannot carry
    Share* borrowed_for = nullptr;  // of its latest exchange; valid as long as that
    Share::Charge charge;           // while it reads an answer that is not wanted any more
    std::size_t promised = 0;       // exchanges that may count on it while it connects
    std::uint64_t ready_in = 0;     // the pass of the pool in which it became ready
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
  http::VersionChoice protocol_;
};

}  // namespace weir::upstream
