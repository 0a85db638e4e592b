#pragma once

#include <cstdint>
#include <optional>

#include "core/base/linked.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "core/upstream/attempt.h"
#include "core/upstream/call_body.h"
#include "core/upstream/tries.h"

namespace weir::upstream {

// A call of Client: its attempts, their time limits, and both bodies. Begins at the end of the turn
// in which it was made, so that no event comes from within Client::call().
//
// Owned by: the caller's http::Call, which ends it and has it destroyed at the end of the turn.
class ClientCall final : public event::Disposable,
                         public Linked<ClientCall>,  // of the client's list
                         private event::TurnEnd,
                         private http::ResponseEvents,
                         private AttemptEvents {
 public:
  struct Tools {
    event::Loop& loop;
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
  // While the first result of discovery is awaited.
  static constexpr Milliseconds kDiscoveryTick{20};
  static constexpr NameId kNoRoute = 0;

  enum class Stage : std::uint8_t {
    kAsking,      // until the head of the response, with all attempts and pauses
    kResponding,  // onHead was called
    kEnded,
  };

  // event::TurnEnd
  void onTurnEnd() override;
  // AttemptEvents
  void onAttemptDue() override { attempt(); }
  void onAcquired(const PooledConnection& connection) override;
  void onAcquireFailed(Error error) override;
  void onAttemptTimeout() override;
  // http::ResponseEvents
  http::Response& response() override { return response_; }
  void onInformational() override {}
  void onResponseHead() override;
  void onResponseBody(Bytes bytes) override;
  void onResponseEnd() override;
  void onResponseFailed(Error error) override;
  void onRequestDrained() override;

  void onTotal();
  void attempt();
  void drop(AttemptOutcome result, Reason reason);
  bool repeatable() const;
  bool replayUnseen(const Error& error);
  bool retry(bool never_sent, Reason reason);
  void fail(Reason reason, const Error& error);
  void release(RetryOutcome outcome);

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
  Tries tries_;
  Attempt attempt_;
  struct Failure {
    Reason reason;
    Error error;
  };
  std::optional<Failure> failure_;  // to be reported at the end of the turn
  Stage stage_ = Stage::kAsking;
  bool reading_ = true;
  event::Alarm<ClientCall, &ClientCall::onTotal> total_;
};

}  // namespace weir::upstream
