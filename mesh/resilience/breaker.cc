#include "mesh/resilience/breaker.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;
using upstream::Member;
using upstream::Outcome;
using upstream::Verdict;

// After this time without a trip, the back-off begins anew.
constexpr Milliseconds kRecovered = 10s;
constexpr std::uint32_t kMostDoublings = 20;

FailureOrigin originOf(const Outcome& outcome) {
  switch (outcome.reason) {
    case Reason::kUpstreamConnectRefused:
    case Reason::kUpstreamConnectTimeout:
    case Reason::kUpstreamTlsError:
      return FailureOrigin::kLocal;
    default:
      return FailureOrigin::kRemote;
  }
}

Breaker::Config settled(Breaker::Config config, config::Role role) {
  config.max_ejected.settle(role);
  return config;
}

}  // namespace

void Breaker::Config::read(config::Table& table, Config& out) {
  table.read("consecutive_failures", out.consecutive_failures,
             "Number of consecutive failures, of all workers together, after which an endpoint is "
             "taken out of use. 0: no limit. "
             "`failures` of the upstream lists the statuses that are failures.",
             {.min = 0, .max = 1'000'000});
  table.read("success_rate", out.success_rate,
             "Minimum share of an endpoint's requests within `window` that succeed. Below it, the "
             "endpoint is taken out of use. Responses with status 429 or RESOURCE_EXHAUSTED do not "
             "succeed. 0%: no minimum.",
             {.min = 0, .max = 100});
  table.read("min_requests", out.min_requests,
             "Number of requests within `window` from which on `success_rate` applies.",
             {.min = 1, .max = 1'000'000});
  table.read("window", out.window, "Time over which `success_rate` is measured.",
             {.min = 100ms, .max = 1h});
  table.read("backoff", out.backoff,
             "Time for which an endpoint is first taken out of use, extended at random by up to a "
             "half. It doubles each time, until the endpoint has been in use for 10 s.",
             {.min = 10ms, .max = 1h});
  table.read("max_backoff", out.max_backoff,
             "Maximum time for which an endpoint is taken out of use, before its random extension.",
             {.min = 10ms, .max = 24h});
  table.read("max_ejected", out.max_ejected,
             "Maximum share of the endpoints that are out of use at the same time. Of two or more "
             "endpoints at least one may be taken out, whatever the share, but never all.",
             {.min = 0, .max = 100});
  table.read("enforce", out.enforce,
             "Whether endpoints are taken out of use. false: the breaker only counts and logs what "
             "it would have done.");
}

Breaker::Breaker(const Config& config, const upstream::GuardTools& tools)
    : config_(settled(config, tools.role)),
      tools_(tools),
      streaks_(tools.streaks == nullptr ? own_streaks_ : *tools.streaks),
      ejected_gauge_(tools.metrics.gauge(outlierEjectedKey(tools.cluster))),
      alarm_(tools_.loop.wheel(), *this) {}

Breaker::~Breaker() {
  ejected_gauge_.add(-static_cast<std::int64_t>(config_.enforce ? ejected_ : 0));
}

bool Breaker::mayPick(const Member& member) const {
  if (!config_.enforce) return true;
  const auto found = states_.find(&member);
  if (found == states_.end() || found->second.phase == Phase::kClosed) return true;
  return found->second.phase == Phase::kHalfOpen && !found->second.probing;
}

bool Breaker::wantsPick(const Member& member) const {
  if (!config_.enforce) return false;
  const auto found = states_.find(&member);
  return found != states_.end() && found->second.phase == Phase::kHalfOpen &&
         !found->second.probing;
}

// Begins the probe. If it takes longer than the first back-off, such as a stream, another follows.
void Breaker::onPick(const Member& member) {
  const auto found = states_.find(&member);
  if (found == states_.end() || found->second.phase != Phase::kHalfOpen) return;
  State& state = found->second;
  state.probing = true;
  state.until = tools_.loop.now() + config_.backoff;
  armBy(state.until);
}

void Breaker::onOutcome(const Member& member, const Outcome& outcome) {
  if (!member.listed) return;
  auto found = states_.find(&member);
  if (found == states_.end()) {
    const Verdict verdict = upstream::verdictOf(outcome);
    const bool counts = usesRate() ? verdict != Verdict::kNone : verdict == Verdict::kFailure;
    if (!counts) return;
    found = states_.try_emplace(&member, streaks_, member.endpoint.address.text()).first;
  }
  State& state = found->second;
  switch (state.phase) {
    case Phase::kClosed:
      return onClosedOutcome(member, state, outcome);
    case Phase::kHalfOpen:
      return onProbeOutcome(member, state, outcome);
    case Phase::kOpen:  // of an attempt that began before
      return;
  }
}

void Breaker::onClosedOutcome(const Member& member, State& state, const Outcome& outcome) {
  const Verdict verdict = upstream::verdictOf(outcome);
  if (verdict == Verdict::kNone) return;
  const bool good = verdict == Verdict::kSuccess;
  if (usesRate()) state.window.add(good, tools_.loop.now(), config_.window);
  if (!good) return onFailure(member, state, {verdict, originOf(outcome)});
  state.streak.end();
  state.capped = false;
}

void Breaker::onFailure(const Member& member, State& state, const Failure& failure) {
  const std::uint32_t failures = failure.verdict == Verdict::kFailure ? state.streak.add() : 0;
  const std::uint32_t most = config_.consecutive_failures;
  if (most > 0 && failures >= most) {
    trip(member, state, Detector::kConsecutive, failure.origin);
  } else if (isRateLow(state)) {
    trip(member, state, Detector::kSuccessRate, failure.origin);
  }
}

bool Breaker::isRateLow(const State& state) const {
  if (!usesRate()) return false;
  const RateWindow::Sum sum = state.window.sum(tools_.loop.now(), config_.window);
  return sum.all >= config_.min_requests &&
         sum.good < config_.success_rate.fraction() * static_cast<double>(sum.all);
}

// The first outcome of an attempt that began on probation decides.
void Breaker::onProbeOutcome(const Member& member, State& state, const Outcome& outcome) {
  if (tools_.loop.eventTime() - outcome.duration < state.since) return;
  switch (upstream::verdictOf(outcome)) {
    case Verdict::kSuccess:
      return close(member, state);
    case Verdict::kFailure:
    case Verdict::kLimited:
      return open(member, state, Detector::kProbe, originOf(outcome));
    case Verdict::kNone:
      if (!std::exchange(state.probing, false)) return;
      return tools_.owner.onMayPickChanged();
  }
}

void Breaker::trip(const Member& member, State& state, Detector detector, FailureOrigin origin) {
  if (!mayOpenAnother()) {
    if (std::exchange(state.capped, true)) return;
    return tools_.metrics.counter(outlierCappedKey(tools_.cluster)).add();
  }
  if (tools_.loop.now() - state.closed_at >= kRecovered) state.trips = 0;
  countEjected(1);
  open(member, state, detector, origin);
}

void Breaker::open(const Member& member, State& state, Detector detector, FailureOrigin origin) {
  const Milliseconds time = backoffAfter(state.trips++);
  state.phase = Phase::kOpen;
  state.probing = false;
  state.capped = false;
  state.window.clear();
  state.until = tools_.loop.now() + time;
  armBy(state.until);
  tools_.metrics.counter(outlierEjectionsKey(tools_.cluster, detector, origin, config_.enforce))
      .add();
  if (const auto held_back = ejections_.admit(tools_.loop.eventTime())) {
    log::warning(nameOf(member) + (config_.enforce ? "is" : "would be") + " out of use for " +
                 std::to_string(time.count()) + " ms (" +
                 std::string(kDetectorWords[static_cast<std::size_t>(detector)]) + ", " +
                 std::string(kFailureOriginWords[static_cast<std::size_t>(origin)]) + " failure)" +
                 event::LogLimit::text(*held_back));
  }
  tools_.owner.onMayPickChanged();
}

void Breaker::close(const Member& member, State& state) {
  state.phase = Phase::kClosed;
  state.probing = false;
  state.streak.end();
  state.closed_at = tools_.loop.now();
  countEjected(-1);
  if (const auto held_back = returns_.admit(tools_.loop.eventTime())) {
    log::info(nameOf(member) + "is in use again" + event::LogLimit::text(*held_back));
  }
  tools_.owner.onMayPickChanged();
}

void Breaker::countEjected(int change) {
  ejected_ = change > 0 ? ejected_ + 1 : ejected_ - 1;
  if (config_.enforce) ejected_gauge_.add(change);
}

bool Breaker::mayOpenAnother() const {
  const std::size_t all = tools_.owner.candidates();
  if (all < 2) return false;
  const auto share =
      static_cast<std::size_t>(config_.max_ejected.value().fraction() * static_cast<double>(all));
  return ejected_ < std::clamp<std::size_t>(share, 1, all - 1);
}

Milliseconds Breaker::backoffAfter(std::uint32_t trips) const {
  const auto doubled = config_.backoff * (std::int64_t{1} << std::min(trips, kMostDoublings));
  const Milliseconds base = std::min(doubled, std::max(config_.backoff, config_.max_backoff));
  const auto extension = static_cast<std::uint64_t>(base.count() / 2 + 1);
  return base + Milliseconds(static_cast<std::int64_t>(tools_.random.below(extension)));
}

void Breaker::onDue() {
  const Milliseconds now = tools_.loop.now();
  next_ = Milliseconds::max();
  Milliseconds next = next_;
  for (auto& [member, state] : states_) {
    if (isDue(state, now, tools_.loop.eventTime())) continue;
    const bool waits = state.phase == Phase::kOpen || state.probing;
    if (waits) next = std::min(next, state.until);
  }
  if (next != Milliseconds::max()) armBy(next);
  tools_.owner.onMayPickChanged();
}

// Begins the probation, or allows another probe, if it is time.
bool Breaker::isDue(State& state, Milliseconds now, Nanoseconds event_time) {
  const bool waits = state.phase == Phase::kOpen || state.probing;
  if (!waits || state.until > now) return false;
  if (state.phase == Phase::kOpen) state.since = event_time;
  state.phase = Phase::kHalfOpen;
  state.probing = false;
  return true;
}

void Breaker::armBy(Milliseconds time) {
  if (time >= next_) return;
  next_ = time;
  alarm_.arm(time - tools_.loop.now());
}

std::string Breaker::nameOf(const Member& member) const {
  return "upstream " + std::string(tools_.name) + ": " + member.endpoint.address.text() + " ";
}

void Breaker::forget(const Member& member) {
  const auto found = states_.find(&member);
  if (found == states_.end()) return;
  if (found->second.phase != Phase::kClosed) countEjected(-1);
  states_.erase(found);
}

}  // namespace weir::mesh
