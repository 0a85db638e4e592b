#include "core/proxy/time_limits.h"

#include <algorithm>

#include "core/proxy/deadline.h"
#include "core/proxy/grpc.h"

// Tested in exchange_attempts_test.cc.
namespace weir::proxy {

void TimeLimits::noteDeadline(std::optional<Milliseconds> time) {
  if (time) state_.deadline = shorterOf(state_.deadline, state_.loop().now() + *time);
}

// The caller does not wait for the response any more.
void TimeLimits::failPastDeadline() {
  countTimeout(TimeoutStage::kDeadline);
  flow_.replyLocally({.status = 504,
                      .reason = Reason::kRequestTimeout,
                      .detail = "the caller's deadline has passed",
                      .grpc_status = kGrpcDeadlineExceeded},
                     0);
}

void TimeLimits::tellDeadline() {
  Milliseconds left = timeLeft().value_or(*state_.deadline - state_.loop().now());
  const auto per_try =
      state_.route->timeouts.per_try.value_or(state_.plan().defaults.per_try_timeout);
  if (per_try.count() > 0) left = std::min(left, per_try);
  writeDeadline(state_.request, left);
}

std::optional<Milliseconds> TimeLimits::timeLeft() const {
  return total_.armed() ? std::optional(total_at_ - state_.loop().now()) : std::nullopt;
}

void TimeLimits::endAfter(Milliseconds time) {
  total_at_ = state_.loop().now() + time;
  total_.arm(time);
}

void TimeLimits::armTotal() {
  if (state_.deadline) return armDeadline();
  if (const auto& limit = state_.route->timeouts.request) {
    // The route's limit covers the complete response, from the end of the request.
    if (state_.request_ended && limit->count() > 0 && !total_.armed()) endAfter(*limit);
    return;
  }
  if (state_.response_begun) return total_.disarm();
  const Milliseconds limit = state_.plan().defaults.response_timeout;
  if (state_.request_ended && limit.count() > 0) endAfter(limit);
}

// The caller's deadline, unless the route's limit, which then begins with the request, or the
// role's is shorter. The latter does not apply to gRPC, whose responses may be streams.
void TimeLimits::armDeadline() {
  const Milliseconds left = std::max(*state_.deadline - state_.loop().now(), Milliseconds(0));
  if (const auto& limit = state_.route->timeouts.request) {
    if (!total_.armed()) endAfter(limit->count() > 0 ? std::min(left, *limit) : left);
    return;
  }
  const Milliseconds most = state_.plan().defaults.response_timeout;
  const bool waits =
      state_.request_ended && !state_.response_begun && most.count() > 0 && !isGrpc(state_.request);
  endAfter(waits ? std::min(left, most) : left);
}

void TimeLimits::armTry() {
  const auto limit =
      state_.route->timeouts.per_try.value_or(state_.plan().defaults.per_try_timeout);
  if (limit.count() > 0) state_.attempt->limit(limit);
}

void TimeLimits::countTimeout(TimeoutStage stage) {
  state_.engine.metrics().counter(timeoutsKey(state_.routeId(), stage)).add();
}

void TimeLimits::onTotal() {
  if (pastDeadline()) return onDeadline();
  countTimeout(TimeoutStage::kRequest);
  if (state_.response_begun) {
    flow_.fail(Reason::kRequestTimeout, {});
  } else {
    const bool connecting = state_.attempt->connecting();
    const Reason reason = connecting ? Reason::kUpstreamConnectTimeout : Reason::kUpstreamTimeout;
    state_.dropAttempt(AttemptOutcome::kTimeout, reason);
    flow_.fail(reason, connecting ? "no connection in time" : "no response in time");
  }
  flow_.run();
}

// The caller does not wait any longer. That says nothing about the endpoint.
void TimeLimits::onDeadline() {
  if (state_.response_begun) {
    countTimeout(TimeoutStage::kDeadline);
    flow_.fail(Reason::kRequestTimeout, {});
  } else {
    state_.dropAttempt(AttemptOutcome::kTimeout, Reason::kRequestTimeout);
    failPastDeadline();
  }
  flow_.run();
}

void TimeLimits::onIdle() {
  countTimeout(TimeoutStage::kIdle);
  if (state_.response_begun) {
    flow_.fail(Reason::kStreamIdle, {});
  } else if (state_.request_ended) {
    flow_.replyLocally({.status = 504,
                        .reason = Reason::kStreamIdle,
                        .detail = "the upstream was idle for too long"},
                       0);
  } else {
    flow_.fail(Reason::kStreamIdle, "the client was idle for too long");
  }
  flow_.run();
}

}  // namespace weir::proxy
