#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/base/random.h"
#include "core/event/log_limit.h"
#include "core/event/loop.h"
#include "core/event/wheel.h"
#include "core/net/address.h"
#include "core/net/dialer.h"
#include "core/redis/command.h"
#include "core/redis/connection.h"
#include "core/redis/pending.h"
#include "core/redis/reply.h"

namespace weir::redis {

// Receives the reply to a command.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void onReply(const Reply& reply) = 0;
  // The connection was lost, or the reply is overdue. The server may have run the command.
  virtual void onNoReply() = 0;

 private:
  friend class Client;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  std::uint64_t number_ = kNone;  // of its command
};

// A client of one Redis or Valkey server: one connection, which is made at once and again after
// each failure. The commands of a turn of the loop leave in one write.
//
// While the server is away or too slow, no command is accepted, so that nobody waits for it. A slow
// server is known to be back when the replies that were overdue have arrived.
//
// Thread: that of the loop.
class Client final : private ConnectionEvents {
 public:
  static constexpr std::size_t kMostPending = 10'000;

  struct Options {
    NameId upstream = 0;
    std::string name;       // of the server, for logs
    std::string user = {};  // empty: the default user
    std::string password = {};
    std::string_view script = {};     // static; loaded into the server. Empty: none
    std::string_view meanwhile = {};  // static; the behavior without the server, for logs
    Milliseconds timeout{50};
  };
  struct Tools {
    event::Loop& loop;
    Random& random;
    net::Dialer& dialer;
  };
  // `to`: nullopt: any endpoint of the upstream, at each connection.
  Client(Options options, const Tools& tools, std::optional<net::Address> to = std::nullopt);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whether commands are accepted. They are during the first attempt to connect.
  bool ready() const {
    const bool connected = state_ == State::kReady || (state_ == State::kConnecting && first_);
    return connected && !slow_ && pending_.size() < kMostPending;
  }
  // Whether no command is without its reply.
  bool quiet() const { return pending_.empty(); }
  // Runs the script; `words` are the number of keys, the keys and the arguments, as of EVALSHA.
  // onReply or onNoReply follows, never from within the call. Call it if ready().
  void evaluate(Words words, Waiter& waiter);
  // The same by EVAL with a script of the caller, or with that of the options after a reply that
  // the server does not know it (any more).
  void evaluateText(std::string_view script, Words words, Waiter& waiter);
  std::string_view script() const { return options_.script; }
  // Another command.
  void send(Words words, Waiter& waiter) { push(words, {&waiter, tools_.loop.now()}); }
  // One whose reply is not needed.
  void send(Words words) { push(words, {nullptr, tools_.loop.now()}); }
  // Nothing follows any more. No effect if nothing would.
  void cancel(Waiter& waiter);

  // Another server has the role of this one: gives up all commands and connects to it at once.
  void moveTo(const net::Address& to) {
    to_ = to;
    moveOn();
  }
  const std::optional<net::Address>& address() const { return to_; }
  // The same at another endpoint of the upstream, if the balancer selects another.
  void moveOn();

 private:
  enum class State : std::uint8_t { kDown, kConnecting, kReady };
  // A reply of the handshake.
  class Step final : public Waiter {
   public:
    using Method = void (Client::*)(const Reply&);
    Step(Client& client, Method method) : client_(client), method_(method) {}
    void onReply(const Reply& reply) override { (client_.*method_)(reply); }
    void onNoReply() override {}

   private:
    Client& client_;
    const Method method_;
  };

  void connect();
  void shakeHands();
  void run(std::string_view command, std::string_view script, Words words, Waiter& waiter);
  void push(Words words, const Pending::Command& command);
  void onAuthenticated(const Reply& reply);
  void onLoaded(const Reply& reply);
  void onReply(const Reply& reply) override;
  void onBroken(std::string_view detail) override { fail(detail); }
  void onRetry() { connect(); }
  void onImpatient() { fail("no reply"); }
  void onOverdue();
  bool giveUpOverdue();
  static void giveUp(Pending::Command& command);
  void noteReply(const Pending::Command& command);
  void fail(std::string_view detail);
  void disconnect();
  Milliseconds pauseAfterFailure();

  const Options options_;
  const Tools tools_;
  std::optional<net::Address> to_;
  State state_ = State::kDown;
  bool first_ = true;             // no attempt to connect has failed
  bool slow_ = false;             // until the replies that are overdue have arrived
  bool due_ = false;              // replies are overdue unless they arrive in this turn
  std::uint64_t slow_until_ = 0;  // the number after the last of them
  std::uint64_t checked_ = 0;     // commands before this one were given up, or have their reply
  unsigned late_ = 0;             // how often replies were overdue since the last one in time
  unsigned failures_ = 0;         // since the last reply in time
  Pending pending_;
  std::unique_ptr<Connection> connection_;
  Step authenticated_{*this, &Client::onAuthenticated};
  Step loaded_{*this, &Client::onLoaded};
  std::string digest_;  // of the script; empty before it is loaded
  std::vector<std::string_view> words_;
  event::LogLimit log_limit_;
  event::Alarm<Client, &Client::onRetry> retry_;
  event::Alarm<Client, &Client::onOverdue> overdue_;
  event::Alarm<Client, &Client::onImpatient> patience_;
};

}  // namespace weir::redis
