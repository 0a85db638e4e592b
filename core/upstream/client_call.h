#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/linked.h"
#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "core/upstream/call_body.h"
#include "core/upstream/cluster.h"

namespace weir::upstream {

// A call of Client: its attempts, their time limits, and both bodies. Begins at the end of the turn
// in which it was made, so that no event comes from within Client::call().
//
// Owned by: the caller's http::Call, which ends it and has it destroyed at the end of the turn.
class ClientCall final : public event::Disposable,
                         public Linked<ClientCall>,  // of the client's list
                         private event::TurnEnd,
                         private http::ResponseEvents,
                         private PoolWaiter {
 public:
  struct Tools {
    event::Loop& loop;
    Random& random;
    MetricCells& metrics;
    LinkedList<ClientCall>& calls;  // to which it belongs until it ends
  };

  ClientCall(const Tools& tools, const http::CallOptions& options, http::CallEvents& events);
  ~ClientCall() override;

  // One of the two, once. `cluster` is in the plan.
  void begin(Cluster& cluster, const http::CallRequest& request);
  void beginFailed(Reason reason, const Error& error);
  void cancel();  // no event follows

  void sendBody(Bytes bytes) { body_.push(bytes); }
  void finish(const http::Headers* trailers);
  std::size_t queued() const { return body_.queued(); }
  void setReading(bool reading);

 private:
  static constexpr std::size_t kMostTried = 5;
  static constexpr std::uint8_t kMostReplays = 3;
  // While the first result of discovery is awaited.
  static constexpr Milliseconds kDiscoveryTick{20};

  enum class Stage : std::uint8_t {
    kWaiting,     // for the end of the turn, for discovery, or before a retry
    kConnecting,  // for a connection
    kAsking,      // for the head of the response
    kResponding,  // onHead was called
    kEnded,
  };

  // event::TurnEnd
  void onTurnEnd() override;
  // PoolWaiter
  void onAcquired(const PooledConnection& lease) override;
  void onAcquireFailed(Error error) override;
  // http::ResponseEvents
  http::Response& response() override { return response_; }
  void onInformational() override {}
  void onResponseHead() override;
  void onResponseBody(Bytes bytes) override;
  void onResponseEnd() override;
  void onResponseFailed(Error error) override;
  void onRequestDrained() override;

  void onTotal();
  void onTry();
  void attempt();
  void endAttempt(AttemptOutcome result, Reason reason);
  void dropAttempt(AttemptOutcome result, Reason reason);
  bool replayUnseen(const Error& error);
  bool retry(bool never_sent);
  bool refuseRetry(RetryRefusal refusal);
  void fail(Reason reason, const Error& error);
  void release();

  // Constant after construction.
  const Tools tools_;
  const http::CallOptions options_;
  http::CallEvents& events_;

  // State.
  Arena arena_;
  http::Request request_;
  http::Response response_;
  http::Headers trailers_;  // of the request
  CallBody body_;
  Cluster* cluster_ = nullptr;  // entered
  Member* member_ = nullptr;    // of the attempt
  http::Requester* requester_ = nullptr;
  std::array<const Member*, kMostTried> tried_{};
  std::size_t tried_count_ = 0;
  unsigned attempts_ = 0;
  unsigned retries_ = 0;
  std::uint8_t replays_ = 0;
  Nanoseconds attempt_started_{0};
  std::optional<Nanoseconds> first_byte_;  // of the attempt
  struct Failure {
    Reason reason;
    Error error;
  };
  std::optional<Failure> failure_;  // to be reported at the end of the turn
  Stage stage_ = Stage::kWaiting;
  bool fresh_ = false;
  bool reused_ = false;
  bool reading_ = true;
  event::Alarm<ClientCall, &ClientCall::onTotal> total_;
  event::Alarm<ClientCall, &ClientCall::onTry> try_;  // of the stage
};

}  // namespace weir::upstream
