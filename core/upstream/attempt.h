#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "core/base/reason.h"
#include "core/base/result.h"
#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/net/stream.h"
#include "core/upstream/outcome.h"
#include "core/upstream/pool_waiter.h"
#include "core/upstream/tries.h"

namespace weir::upstream {

// Receives the events of an attempt. Implemented by its owner.
class AttemptEvents {
 public:
  virtual ~AttemptEvents() = default;
  virtual void onAttemptDue() {}  // the pause has passed
  // The owner calls Attempt::open() or ends the attempt.
  virtual void onAcquired(const PooledConnection& connection) = 0;
  // The owner ends the attempt, for the reason that reasonForConnecting() gives.
  virtual void onAcquireFailed(Error error) = 0;
  virtual void onAttemptTimeout() = 0;  // the owner drops the attempt
  // From within the call that ends the attempt.
  virtual void onAttemptEnded(const Member& /*member*/, const Outcome& /*outcome*/) {}
};

// One attempt at one endpoint of a cluster: the selection of the endpoint, a connection to it, and
// the result with its metrics and its message. One object makes attempts one after another.
//
// Bodies do not pass through it: the codec and the stream call the owner.
//
// Life: begin(), then either acquire() and open() for HTTP, or dial() for a stream without a codec,
// then end() or drop().
class Attempt final : private PoolWaiter {
 public:
  Attempt(event::Loop& loop, Tries& tries, AttemptEvents& owner)
      : loop_(loop), tries_(tries), owner_(owner), alarm_(loop.wheel(), *this) {}
  ~Attempt() override {
    if (state_ != State::kIdle) drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  }

  // Calls onAttemptDue() after that time. It does not begin the attempt.
  void pause(Milliseconds time);
  bool pausing() const { return state_ == State::kPausing; }

  // Selects an endpoint that has not been tried, if there is one; `key` and `sticky` as in Pick.
  // kNone, or the reason why there is no endpoint, which is logged.
  Reason begin(std::optional<std::uint64_t> key = std::nullopt, Member* sticky = nullptr);
  // The same at a given endpoint, whatever the balancer and the guards.
  void beginAt(Member& member);
  // The same at the endpoint with this address, which discovery need not know; subject to guards
  // and limits of the cluster.
  Reason beginAt(const net::Address& address);
  const Member* member() const { return member_; }  // null between attempts

  // Asks for a connection: onAcquired or onAcquireFailed follows, perhaps at once.
  void acquire(const Demand& demand) {
    state_ = State::kWaiting;
    tries_.cluster()->acquire(*member_, *this, demand);
  }
  bool waiting() const { return state_ == State::kWaiting; }
  // It waits, for a connection that is being established.
  bool connecting() const { return waiting() && Cluster::isConnecting(*this); }
  http::Requester& open(const PooledConnection& connection, http::ResponseEvents& events) {
    requester_ = &connection.codec.open(events);
    return *requester_;
  }
  http::Requester* requester() const { return requester_; }  // null before open()
  bool reused() const { return reused_; }                    // the connection
  // The final head of the response has arrived.
  void noteHead() { first_byte_ = loop_.eventTime() - started_; }
  bool headArrived() const { return first_byte_.has_value(); }
  // The gRPC status of the response, before the attempt ends.
  void noteGrpcStatus(int code) { grpc_status_ = code; }
  void noteResponseEnd() { requester_ = nullptr; }  // which must not be called any more

  // Connects without a codec; see Cluster::dial(). The stream calls its owner, who reports its
  // result by noteDialed() or noteDialFailed(), or gets onAttemptTimeout.
  Result<std::unique_ptr<net::Stream>> dial(std::string_view first);
  void noteDialed();
  void noteDialFailed(const Error& error);

  // Time limit, until unlimit() or the end of the attempt.
  void limit(Milliseconds time) { alarm_.arm(time); }
  void unlimit() { alarm_.disarm(); }

  // Ends the attempt, after the codec has reported the end of the response or its failure.
  // `status`: 0 without a response. No effect if no attempt is in progress.
  void end(AttemptOutcome result, Reason reason, int status);
  // Gives up the attempt, or the pause before it.
  void drop(AttemptOutcome result, Reason reason, int status);
  // Ends an attempt whose result is not needed: it is not counted.
  void discard();

  // Why the response failed; not for one whose head has arrived.
  Reason reasonForResponse(const Error& error) const;
  // The reason, if the upstream has not processed the request: it refused the stream (RFC 9113,
  // 8.7), or it closed a reused connection before any byte of a response. After a close that is
  // certain only for a request whose repetition does no harm.
  std::optional<Reason> reasonForUnseen(const Error& error, bool idempotent) const;

 private:
  enum class State : std::uint8_t {
    kIdle,
    kPausing,
    kBegun,
    kWaiting,  // for a connection
    kHeld,     // its connection is there, or failed
    kDialed,
  };

  void onAcquired(const PooledConnection& connection) override;
  void onAcquireFailed(Error error) override;
  void onAlarm();
  Reason admit();
  Reason beginFailed(Reason refused);
  void finish(const Outcome& outcome);
  Outcome outcomeOf(AttemptOutcome result, Reason reason, int status) const;

  event::Loop& loop_;
  Tries& tries_;
  AttemptEvents& owner_;
  Member* member_ = nullptr;
  http::Requester* requester_ = nullptr;
  Nanoseconds started_{0};
  std::optional<Nanoseconds> first_byte_;
  std::optional<int> grpc_status_;
  event::Alarm<Attempt, &Attempt::onAlarm> alarm_;
  State state_ = State::kIdle;
  bool reused_ = false;
  bool counted_ = false;  // in Cluster::takeRequest()
};

}  // namespace weir::upstream
