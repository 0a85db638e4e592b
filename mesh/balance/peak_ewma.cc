#include "mesh/balance/peak_ewma.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;
using upstream::AttemptOutcome;
using upstream::Member;
using upstream::Outcome;
using upstream::Pick;
using upstream::Verdict;

// The latency that is expected before the first measurement of any member.
constexpr double kFirstGuess = 1e6;
// An idle member's latency decays no further than to this part of the median: it must not attract
// all requests at once.
constexpr double kLeastOfMedian = 0.05;
constexpr Nanoseconds kMedianAge = 1s;

constexpr double kNanosPerMilli = 1e6;
constexpr double kLog2OfE = 1.4426950408889634;

double nanoseconds(Nanoseconds time) { return static_cast<double>(time.count()); }

// e^-x within 0.02 %, in a few nanoseconds: 2^f / 2^n, with f in [0, 1). Exactly 1 at 0.
double decayed(double x) {
  const double exponent = x * kLog2OfE;
  if (exponent <= 0) return 1;
  if (exponent >= 1'000) return 0;
  const auto above = static_cast<std::uint64_t>(exponent) + 1;
  const double f = static_cast<double>(above) - exponent;
  const double power = 1 + f * (0.695556856 + f * (0.226173572 + f * 0.0781455737));
  return power * std::bit_cast<double>((1'023 - above) << 52U);
}

}  // namespace

void PeakEwmaBalancer::Config::read(config::Table& table, Config& out) {
  table.read("decay", out.decay,
             "Time constant of the moving average of latencies: after it, an earlier measurement "
             "has a weight of 37 %.",
             {.min = 100ms, .max = 10min});
  table.read("failure_latency", out.failure_latency,
             "Latency that a failed attempt counts as, if it took less.",
             {.min = 0ms, .max = 5min});
}

void PeakEwmaBalancer::setMembers(std::span<Member* const> members) {
  members_.assign(members.begin(), members.end());
  draw_.setMembers(members_);
  latencies_.reserve(members_.size());
  double sum = 0;
  for (const Member* member : members_) sum += member->weight;
  mean_weight_ = members_.empty() ? 1 : sum / static_cast<double>(members_.size());
  refreshMedian(loop_.now());
}

Member* PeakEwmaBalancer::pick(const Pick& pick) {
  const std::size_t count = members_.size();
  if (count == 0) return nullptr;
  if (count == 1) return members_.front();
  const std::size_t drawn = draw_.draw(random_);
  std::size_t other = draw_.weighted() ? draw_.draw(random_) : drawn;
  if (other == drawn) other = (drawn + 1 + random_.below(count - 1)) % count;
  Member* first = members_[drawn];
  Member* second = members_[other];
  if (pick.tried.empty()) return better(first, second, pick.candidates);
  const bool first_tried = contains(pick.tried, first);
  const bool second_tried = contains(pick.tried, second);
  if (first_tried && second_tried) {
    Member* untried = firstUntried(members_, drawn, pick.tried);
    return untried != nullptr ? untried : better(first, second, pick.candidates);
  }
  if (first_tried) return second;
  return second_tried ? first : better(first, second, pick.candidates);
}

// The weight of a measurement made at `since`.
double PeakEwmaBalancer::weightBefore(Nanoseconds since, Nanoseconds now) const {
  return decayed(nanoseconds(now - since) * rate_);
}

double PeakEwmaBalancer::costOf(const Member& member, Nanoseconds now) const {
  const Member::Estimate& known = member.estimate;
  double latency = median_;
  if (known.latency > 0) {
    latency = std::max(known.latency * weightBefore(known.at, now), kLeastOfMedian * median_);
  }
  if (!draw_.weighted()) return latency * (1 + member.in_flight);
  return latency * (1 + member.in_flight * mean_weight_ / member.weight);
}

Member* PeakEwmaBalancer::better(Member* first, Member* second,
                                 upstream::Candidates* candidates) const {
  const Nanoseconds now = loop_.now();
  const double first_cost = costOf(*first, now);
  const double second_cost = costOf(*second, now);
  if (candidates != nullptr) [[unlikely]] {
    candidates->add(*first, first_cost / kNanosPerMilli);
    candidates->add(*second, second_cost / kNanosPerMilli);
  }
  return second_cost < first_cost ? second : first;
}

void PeakEwmaBalancer::onOutcome(Member& member, const Outcome& outcome) {
  const double took = nanoseconds(outcome.first_byte.value_or(outcome.duration));
  switch (upstream::verdictOf(outcome)) {
    case Verdict::kSuccess:
      return observe(member, took);
    case Verdict::kFailure:
    case Verdict::kLimited:
      return observe(member, std::max(took, nanoseconds(config_.failure_latency)));
    case Verdict::kNone:
      // The response would have taken at least as long.
      if (outcome.result == AttemptOutcome::kCancel && took > member.estimate.latency) {
        observe(member, took);
      }
  }
}

void PeakEwmaBalancer::observe(Member& member, double latency) {
  const Nanoseconds now = loop_.now();
  Member::Estimate& known = member.estimate;
  const double weight = known.latency > 0 ? weightBefore(known.at, now) : 0;
  const double before = known.latency * weight;
  const double average = before * weight + latency * (1 - weight);
  known = {std::max(latency > before ? latency : average, 1.0), now};
  if (now - median_at_ >= kMedianAge) refreshMedian(now);
}

// The lower one, with a guess for members that have not been measured: if the only member that has
// been measured fails, the others must not be expected to be as slow.
void PeakEwmaBalancer::refreshMedian(Nanoseconds now) {
  median_at_ = now;
  latencies_.clear();
  for (const Member* member : members_) {
    latencies_.push_back(member->estimate.latency > 0 ? member->estimate.latency : kFirstGuess);
  }
  if (latencies_.empty()) return;
  const auto middle = latencies_.begin() + static_cast<std::ptrdiff_t>((latencies_.size() - 1) / 2);
  std::nth_element(latencies_.begin(), middle, latencies_.end());
  median_ = *middle;
}

}  // namespace weir::mesh
