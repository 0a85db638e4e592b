#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/metric_cells.h"
#include "core/base/reason.h"
#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/record.h"
#include "core/net/stream.h"
#include "core/proxy/destinations.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/lifetime.h"
#include "core/proxy/metrics.h"
#include "core/proxy/relay.h"
#include "core/upstream/attempt.h"
#include "core/upstream/tries.h"

namespace weir::proxy {

// An accepted connection that is forwarded to an endpoint of an upstream, byte by byte in both
// directions.
//
// With protocol detection (`guesses`) only non-HTTP connections are forwarded: the client's first
// bytes decide. While the client is silent, weir connects to the upstream; if the upstream sends
// first, the connection is not HTTP either.
//
// If the system redirected the connection, weir connects at once: the client's destination is
// known, and whoever sends first decides. After a silence the connection is taken for something
// else.
//
// Owned by: Listener's list, until it removes itself.
// Life:     handshake -> guessing -> connecting -> open -> closing (last bytes) -> closed.
class Tunnel final : public DownstreamConnection, private upstream::AttemptEvents {
 public:
  struct Target {
    NameId upstream = 0;
    bool guesses = false;
  };
  Tunnel(DownstreamOwner& listener, std::unique_ptr<net::Stream> stream, ConnectionFacts facts,
         const Target& target);
  ~Tunnel() override;

  void start();
  void drain() override;
  void retire() override;
  void closeNow() override { finish(Reason::kDraining); }
  void judgeAgain(Recheck& recheck) override;

 private:
  enum class Stage : std::uint8_t { kHandshake, kGuessing, kConnecting, kOpen, kClosing, kClosed };

  // Each end takes the bytes of the other one, and can be paused.
  class End : public net::StreamEvents, public http::BodySink, public http::BodySource {
   public:
    End(Tunnel& tunnel, Relay& filling) : tunnel_(tunnel), filling_(filling) {}

    void open(std::unique_ptr<net::Stream> stream);
    std::unique_ptr<net::Stream> take();  // without further events
    net::Stream* stream() const { return stream_.get(); }

   protected:
    Tunnel& tunnel() { return tunnel_; }

   private:
    void onDrained() override;
    void sendBody(Bytes bytes) override { stream_->write(bytes); }
    void finish(const http::Headers*) override { stream_->shutdownWrite(); }
    std::size_t queued() const override { return stream_->queued(); }
    void setReading(bool reading) override { stream_->setReading(reading); }

    Tunnel& tunnel_;
    Relay& filling_;  // its bytes go to this end
    std::unique_ptr<net::Stream> stream_;
  };
  class ClientEnd final : public End {
   public:
    using End::End;

   private:
    void onConnected() override { tunnel().onShookHands(); }
    void onData(Bytes bytes) override { tunnel().onClientData(bytes); }
    void onEnd() override { tunnel().onClientEnd(); }
    void onBroken(Error error) override { tunnel().onClientBroken(error); }
  };
  class ServerEnd final : public End {
   public:
    using End::End;

   private:
    void onConnected() override { tunnel().onDialed(); }
    void onData(Bytes bytes) override { tunnel().onServerData(bytes); }
    void onEnd() override { tunnel().onServerEnd(); }
    void onBroken(Error error) override { tunnel().onServerBroken(error); }
  };
  // Ignores the events of a stream between its last use and the end of the turn.
  class NullEvents final : public net::StreamEvents {
    void onData(Bytes) override {}
    void onEnd() override {}
    void onDrained() override {}
    void onBroken(Error) override {}
  };

  // upstream::AttemptEvents
  void onAcquired(const upstream::PooledConnection&) override {}  // only for HTTP
  void onAcquireFailed(Error) override {}
  void onAttemptTimeout() override;

  void onShookHands();
  void onClientData(Bytes bytes);
  void onClientEnd();
  void onClientBroken(const Error& error);
  void onDialed();
  void onServerData(Bytes bytes);
  void onServerEnd();
  void onServerBroken(Error error);
  void onWait();
  void onIdle();

  void begin();
  void race();
  void raceNow();
  void endRace();
  bool isTimeoutOfHttp(Bytes bytes) const;
  static bool beginsHttp2(Bytes bytes);
  void awaitHttp2();
  void armUndecided();
  bool hasFixedEndpoint() const;
  bool intercepted() const { return facts_.interception != nullptr; }
  bool passesHttp2() const;
  bool findByServerName();
  Reason reasonWithoutUpstream() const;
  void useUpstream(NameId upstream);
  void learn(Destinations::Protocol protocol);
  void countResolution();
  Reason beginAttempt();
  void guess(Bytes bytes);
  void countGuess(Detection result);
  void speakHttp();
  void commit();
  http::ExchangeRecord describe() const;
  template <typename Use>
  bool judge(Use use);
  bool stillTrustsServer() const;
  bool isDenied();
  bool admit();
  bool findCluster();
  void dial();
  std::optional<std::uint64_t> hashKey() const;
  void onDialFailed(const Error& error);
  std::string proxyHeader();
  void open();
  void touch();
  void closeIfDone();
  void closeIfSent();
  void finish(Reason reason);
  void close(Reason reason);
  void endAttempt(Reason reason);
  void dropServer();
  void record(Reason reason);
  void log(Reason reason);

  Engine& engine() const { return listener_.engine(); }

  // Constant after construction.
  DownstreamOwner& listener_;
  const bool secured_;
  const Nanoseconds started_;

  // State.
  Target target_;  // its upstream may follow from the server name
  ConnectionFacts facts_;
  Relay up_;    // from the client
  Relay down_;  // to the client
  ClientEnd client_{*this, down_};
  ServerEnd server_{*this, up_};
  NullEvents deaf_;
  std::string said_;  // by the client, during detection
  upstream::Tries tries_;
  upstream::Attempt attempt_;
  unsigned most_retries_ = 0;
  Nanoseconds connected_after_{-1};
  Counter received_;
  Counter sent_;
  std::string endpoint_;  // for the log
  std::string id_;        // the request id sent to the upstream
  Stage stage_ = Stage::kHandshake;
  bool connected_ = false;
  bool raced_ = false;  // has connected, or tried to, to see who sends first
  bool named_ = false;  // the upstream was found by the server name
  // What policies say about the connection, for the log. Null: nothing.
  std::unique_ptr<const std::string> denial_;
  std::unique_ptr<const std::string> shadow_;
  std::unique_ptr<const std::string> server_scope_;  // of TLS to the endpoint; null: plaintext
  event::Alarm<Tunnel, &Tunnel::onWait> wait_;       // of the current stage
  event::Alarm<Tunnel, &Tunnel::onIdle> idle_;
  std::unique_ptr<Lifetime> lifetime_;  // null: no limit
};

}  // namespace weir::proxy
