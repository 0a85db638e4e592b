#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/config/role.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/event/log_limit.h"
#include "core/event/shared_streaks.h"
#include "core/upstream/guard.h"
#include "mesh/resilience/metrics.h"
#include "mesh/resilience/rate_window.h"

namespace weir::mesh {

// Takes an endpoint out of use after consecutive failures, or if too small a share of its recent
// requests succeeds, for a time that doubles each time. Then one request, the probe, decides: its
// success returns the endpoint, anything else takes it out again. Each worker decides by its own
// attempts, except that consecutive failures are those of all workers together.
class Breaker final : public upstream::Guard {
 public:
  struct Config {
    std::uint32_t consecutive_failures = 7;  // 0: not a reason
    config::Percent success_rate{80};        // 0: not a reason
    std::uint32_t min_requests = 5;
    Milliseconds window{10'000};
    Milliseconds backoff{1'000};
    Milliseconds max_backoff{60'000};
    config::ByRole<config::Percent> max_ejected{config::Percent{50}, config::Percent{30}};
    bool enforce = true;

    static void read(config::Table& table, Config& out);
    friend bool operator==(const Config&, const Config&) = default;
  };

  Breaker(const Config& config, const upstream::GuardTools& tools);
  ~Breaker() override;

  bool mayPick(const upstream::Member& member) const override;
  bool wantsPick(const upstream::Member& member) const override;
  void onPick(const upstream::Member& member) override;
  void onOutcome(const upstream::Member& member, const upstream::Outcome& outcome) override;
  void forget(const upstream::Member& member) override;

 private:
  enum class Phase : std::uint8_t { kClosed, kOpen, kHalfOpen };
  struct State {
    State(event::SharedStreaks& streaks, const std::string& endpoint) : streak(streaks, endpoint) {}

    Phase phase = Phase::kClosed;
    bool probing = false;  // kHalfOpen: the probe has begun
    bool capped = false;   // kClosed: it should be out of use, but max_ejected forbids it
    event::SharedStreaks::Use streak;  // consecutive failures, of all workers together
    std::uint32_t trips = 0;           // without a long enough time of success between them
    Milliseconds until{0};             // kOpen: its end; probing: when another probe may follow
    Nanoseconds since{0};              // kHalfOpen: attempts that began earlier do not count
    Milliseconds closed_at{0};         // the end of the latest probation
    RateWindow window;
  };
  // A failure, or a response that asks for fewer requests.
  struct Failure {
    upstream::Verdict verdict;
    FailureOrigin origin;
  };

  bool usesRate() const { return config_.success_rate.value > 0; }
  void onClosedOutcome(const upstream::Member& member, State& state,
                       const upstream::Outcome& outcome);
  void onProbeOutcome(const upstream::Member& member, State& state,
                      const upstream::Outcome& outcome);
  void onFailure(const upstream::Member& member, State& state, const Failure& failure);
  bool isRateLow(const State& state) const;
  void trip(const upstream::Member& member, State& state, Detector detector, FailureOrigin origin);
  void open(const upstream::Member& member, State& state, Detector detector, FailureOrigin origin);
  void close(const upstream::Member& member, State& state);
  void countEjected(int change);
  bool mayOpenAnother() const;
  Milliseconds backoffAfter(std::uint32_t trips) const;
  void onDue();
  static bool isDue(State& state, Milliseconds now, Nanoseconds event_time);
  void armBy(Milliseconds time);
  std::string nameOf(const upstream::Member& member) const;

  const Config config_;
  upstream::GuardTools tools_;
  event::SharedStreaks own_streaks_;  // without those of all workers
  event::SharedStreaks& streaks_;
  std::unordered_map<const upstream::Member*, State> states_;  // of members that need one
  std::size_t ejected_ = 0;                                    // kOpen or kHalfOpen
  Milliseconds next_ = Milliseconds::max();                    // when the alarm is due
  Gauge ejected_gauge_;
  event::LogLimit ejections_;  // messages
  event::LogLimit returns_;
  event::Alarm<Breaker, &Breaker::onDue> alarm_;
};

}  // namespace weir::mesh
