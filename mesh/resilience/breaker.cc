#include "mesh/resilience/breaker.h"

#include <algorithm>

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;
using upstream::Member;
using upstream::Outcome;
using upstream::Verdict;

// After this time without a trip, the back-off begins anew.
constexpr Milliseconds kRecovered = 10s;
constexpr std::uint32_t kMostDoublings = 20;

}  // namespace

void Breaker::Config::read(config::Table& table, Config& out) {
  table.read("consecutive_failures", out.consecutive_failures,
             "Number of consecutive failures after which an endpoint is taken out of use. "
             "Failures are responses of 500 to 599, timeouts, resets and failed connections.",
             {.min = 1, .max = 1'000'000});
  table.read("backoff", out.backoff,
             "Time for which an endpoint is first taken out of use, extended at random by up to a "
             "half. It doubles each time, until the endpoint has been in use for 10 s.",
             {.min = 10ms, .max = 1h});
  table.read("max_backoff", out.max_backoff,
             "Maximum time for which an endpoint is taken out of use, before its random extension.",
             {.min = 10ms, .max = 24h});
  table.read("max_ejected", out.max_ejected,
             "Maximum share of the endpoints that are out of use at the same time. Of two or more "
             "endpoints at least one may be taken out, whatever the share, but never all.");
}

Breaker::Breaker(const Config& config, const upstream::GuardTools& tools)
    : config_(config), tools_(tools), alarm_(tools_.loop.wheel(), *this) {}

bool Breaker::mayPick(const Member& member) const {
  const auto state = states_.find(&member);
  return state == states_.end() || state->second.phase != Phase::kOpen;
}

void Breaker::onOutcome(const Member& member, const Outcome& outcome) {
  if (!member.listed) return;
  const Verdict verdict = upstream::verdictOf(outcome);
  if (verdict == Verdict::kSuccess && !states_.empty()) onSuccess(member);
  if (verdict == Verdict::kFailure) onFailure(member);
}

// The result of an attempt that began before the endpoint was taken out does not return it.
void Breaker::onSuccess(const Member& member) {
  const auto found = states_.find(&member);
  if (found == states_.end() || found->second.phase == Phase::kOpen) return;
  State& state = found->second;
  state.failures = 0;
  if (state.trips == 0) {
    states_.erase(found);
  } else if (state.phase == Phase::kProbation) {
    state.phase = Phase::kClosed;
    state.closed_at = tools_.loop.now();
  }
}

void Breaker::onFailure(const Member& member) {
  State& state = states_[&member];
  if (state.phase == Phase::kOpen) return;
  ++state.failures;
  const bool trips =
      state.phase == Phase::kProbation || state.failures >= config_.consecutive_failures;
  if (trips && mayOpenAnother()) open(state);
}

void Breaker::open(State& state) {
  const Milliseconds now = tools_.loop.now();
  if (state.phase == Phase::kClosed && now - state.closed_at >= kRecovered) state.trips = 0;
  state.phase = Phase::kOpen;
  state.failures = 0;
  state.until = now + backoffAfter(state.trips++);
  ++open_;
  if (state.until < next_) armAt(state.until);
  tools_.owner.onMayPickChanged();
}

bool Breaker::mayOpenAnother() const {
  const std::size_t all = tools_.owner.candidates();
  if (all < 2) return false;
  const auto share =
      static_cast<std::size_t>(config_.max_ejected.fraction() * static_cast<double>(all));
  return open_ < std::clamp<std::size_t>(share, 1, all - 1);
}

Milliseconds Breaker::backoffAfter(std::uint32_t trips) const {
  const auto doubled = config_.backoff * (std::int64_t{1} << std::min(trips, kMostDoublings));
  const Milliseconds base = std::min(doubled, std::max(config_.backoff, config_.max_backoff));
  const auto extension = static_cast<std::uint64_t>(base.count() / 2 + 1);
  return base + Milliseconds(static_cast<std::int64_t>(tools_.random.below(extension)));
}

void Breaker::onBackoffOver() {
  const Milliseconds now = tools_.loop.now();
  Milliseconds next = next_ = Milliseconds::max();
  for (auto& [member, state] : states_) {
    if (state.phase != Phase::kOpen) continue;
    if (state.until > now) {
      next = std::min(next, state.until);
    } else {
      state.phase = Phase::kProbation;
      --open_;
    }
  }
  if (open_ > 0) armAt(next);
  tools_.owner.onMayPickChanged();
}

void Breaker::armAt(Milliseconds time) {
  next_ = time;
  alarm_.arm(time - tools_.loop.now());
}

void Breaker::forget(const Member& member) {
  const auto found = states_.find(&member);
  if (found == states_.end()) return;
  if (found->second.phase == Phase::kOpen) --open_;
  states_.erase(found);
}

}  // namespace weir::mesh
