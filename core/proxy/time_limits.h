#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/event/wheel.h"
#include "core/proxy/exchange_state.h"
#include "core/proxy/metrics.h"

namespace weir::proxy {

// The time limits of one exchange: that of its route or role, the caller's deadline, and the limit
// for a stream without progress. That of a single attempt is the attempt's own.
class TimeLimits {
 public:
  TimeLimits(ExchangeState& state, ExchangeFlow& flow)
      : state_(state),
        flow_(flow),
        total_(state.loop().wheel(), *this),
        idle_(state.loop().wheel(), *this) {}

  // A deadline that the caller has sent; the shortest one counts.
  void noteDeadline(std::optional<Milliseconds> time);
  bool pastDeadline() const { return state_.deadline && *state_.deadline <= state_.loop().now(); }
  // Replies that the caller's deadline has passed.
  void failPastDeadline();
  // Writes the time that is left into the request.
  void tellDeadline();

  // Begins or ends the limit for the response, according to the progress of the exchange.
  void armTotal();
  void disarmTotal() { total_.disarm(); }
  std::optional<Milliseconds> timeLeft() const;  // empty: no limit is armed
  // A try begins when the request is complete: it does not include the time that the client takes.
  void armTry();
  void countTimeout(TimeoutStage stage);

  void limitIdle(Milliseconds limit) { idle_limit_ = limit; }  // 0: no limit
  void touchIdle() {
    if (idle_limit_.count() > 0) idle_.arm(idle_limit_);
  }
  void disarmIdle() { idle_.disarm(); }

 private:
  void armDeadline();
  void endAfter(Milliseconds time);
  void onTotal();
  void onDeadline();
  void onIdle();

  ExchangeState& state_;
  ExchangeFlow& flow_;
  Milliseconds idle_limit_{0};  // of the route, once it is known
  Milliseconds total_at_{0};    // when total_ is due, while it is armed
  event::Alarm<TimeLimits, &TimeLimits::onTotal> total_;
  event::Alarm<TimeLimits, &TimeLimits::onIdle> idle_;
};

}  // namespace weir::proxy
