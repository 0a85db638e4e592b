#pragma once

#include "core/http/codec.h"
#include "core/proxy/exchange_filters.h"
#include "core/proxy/exchange_state.h"
#include "core/proxy/time_limits.h"
#include "core/upstream/attempt.h"

namespace weir::proxy {

// The upstream side of one exchange: forwards the request, in one attempt or in several, and
// receives the response.
class Forwarding final : private http::ResponseEvents, private upstream::AttemptEvents {
 public:
  Forwarding(ExchangeState& state, ExchangeFilters& filters, TimeLimits& limits, ExchangeFlow& flow)
      : state_(state),
        filters_(filters),
        limits_(limits),
        flow_(flow),
        attempt_(state.loop(), state.tries, *this) {
    state_.attempt = &attempt_;
  }

  // The work that is done once for all attempts.
  void begin(NameId cluster);
  // The stages of an attempt; see Exchange::step.
  bool pickEndpoint();
  bool connect();
  bool sendRequest();
  // The client has sent the complete request: time limits begin.
  void noteRequestEnd();
  // The exchange is complete: counts the result of the attempt.
  void end();

 private:
  // http::ResponseEvents
  http::Response& response() override { return state_.response; }
  void onInformational() override;
  void onResponseHead() override;
  void onResponseBody(Bytes bytes) override;
  void onResponseEnd() override;
  void onResponseFailed(Error error) override;
  void onRequestDrained() override {
    filters_.onDrained(filter::Side::kRequest, state_.request_relay);
  }
  // upstream::AttemptEvents
  void onAttemptDue() override { flow_.run(); }
  void onAcquired(const upstream::PooledConnection& lease) override;
  void onAcquireFailed(Error error) override;
  void onAttemptTimeout() override;
  void onAttemptEnded(const upstream::Member& member, const upstream::Outcome& outcome) override;

  bool retryFor(route::RetryOn failure, Reason reason);
  bool retryResponse();
  bool mayRetry(upstream::Tries::Retry retry);
  void beginBackoff(Reason reason, Milliseconds at_least = Milliseconds(0));
  bool awaitsMessage() const;
  void endWithoutMessage();
  bool replayUnseen(const Error& error);

  ExchangeState& state_;
  ExchangeFilters& filters_;
  TimeLimits& limits_;
  ExchangeFlow& flow_;
  upstream::Attempt attempt_;
};

}  // namespace weir::proxy
