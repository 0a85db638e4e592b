#pragma once

#include <cstdint>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/upstream/guard.h"

namespace weir::mesh {

// Takes an endpoint out of use after consecutive failures, for a time that doubles each time. When
// the time is over, the endpoint is on probation: the next failure takes it out again, a success
// ends the probation. Each worker decides by its own attempts.
class Breaker final : public upstream::Guard {
 public:
  struct Config {
    std::uint32_t consecutive_failures = 7;
    Milliseconds backoff{1'000};
    Milliseconds max_backoff{60'000};
    config::Percent max_ejected{50};

    static void read(config::Table& table, Config& out);
    friend bool operator==(const Config&, const Config&) = default;
  };

  Breaker(const Config& config, const upstream::GuardTools& tools);

  bool mayPick(const upstream::Member& member) const override;
  void onOutcome(const upstream::Member& member, const upstream::Outcome& outcome) override;
  void forget(const upstream::Member& member) override;

 private:
  enum class Phase : std::uint8_t { kClosed, kOpen, kProbation };
  struct State {
    Phase phase = Phase::kClosed;
    std::uint32_t failures = 0;  // consecutive
    std::uint32_t trips = 0;     // without a long enough time of success between them
    Milliseconds until{0};       // kOpen: when the probation begins
    Milliseconds closed_at{0};   // the end of the latest probation
  };

  void onSuccess(const upstream::Member& member);
  void onFailure(const upstream::Member& member);
  void open(State& state);
  bool mayOpenAnother() const;
  Milliseconds backoffAfter(std::uint32_t trips) const;
  void onBackoffOver();
  void armAt(Milliseconds time);

  const Config config_;
  upstream::GuardTools tools_;
  std::unordered_map<const upstream::Member*, State> states_;  // of members that have failed
  std::size_t open_ = 0;
  Milliseconds next_ = Milliseconds::max();  // the first end of a back-off
  event::Alarm<Breaker, &Breaker::onBackoffOver> alarm_;
};

}  // namespace weir::mesh
