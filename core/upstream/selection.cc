#include "core/upstream/selection.h"

#include <algorithm>
#include <utility>

#include "core/base/hash.h"
#include "core/event/loop.h"
#include "core/upstream/metrics.h"

namespace weir::upstream {
namespace {

// Separates the level of a key from its place within the level.
constexpr std::uint64_t kLevelSeed = 0x6c6576656c;

// While members start slowly, weights are multiplied by this.
constexpr std::uint32_t kWeightUnit = 100;
static_assert(std::uint64_t{Endpoint::kMostWeight} * kWeightUnit < (std::uint64_t{1} << 32U));

bool isTried(Tried tried, const Member* member) {
  return std::find(tried.begin(), tried.end(), member) != tried.end();
}

}  // namespace

Selection::Selection(const BalancerTools& tools, MetricCells& cells, const ClusterPlan& plan)
    : tools_(tools), panics_(cells.gauge(upstreamPanicKey(plan.id))) {
  configure(plan, true);
}

bool Selection::configure(const ClusterPlan& plan, bool renew) {
  const config::Percent threshold = plan.options.panic_threshold;
  const bool differs = threshold != panic_threshold_ ||
                       plan.options.overprovisioning != overprovisioning_ ||
                       plan.options.slow_start != slow_start_;
  panic_threshold_ = threshold;
  slow_start_ = plan.options.slow_start;
  overprovisioning_ = plan.options.overprovisioning;
  if (!renew) return differs;
  make_ = plan.balancer;
  levels_.clear();
  levels_.push_back(takeLevel(levels_, 0));
  return true;
}

// A level that existed before keeps its balancer.
Selection::Level Selection::takeLevel(std::vector<Level>& from, std::uint32_t priority) const {
  Level level;
  level.priority = priority;
  const auto found = std::find_if(from.begin(), from.end(), [&](const Level& each) {
    return each.balancer != nullptr && each.priority == priority;
  });
  level.balancer = found != from.end() ? std::move(found->balancer) : make_(tools_);
  return level;
}

void Selection::setMembers(std::span<Member* const> listed) {
  std::vector<Member*> candidates;
  std::vector<Member*> draining;
  others_.clear();
  for (Member* member : listed) {
    member->available = false;
    member->weight = member->endpoint.weight;
    if (!slow_start_) member->warms = Nanoseconds(0);
    auto& group = member->endpoint.draining ? draining : candidates;
    (member->weight > 0 ? group : others_).push_back(member);
  }
  if (candidates.empty()) std::swap(candidates, draining);
  others_.insert(others_.end(), draining.begin(), draining.end());
  arrange(std::move(candidates));
}

void Selection::arrange(std::vector<Member*> candidates) {
  candidates_ = candidates.size();
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Member* left, const Member* right) {
                     return left->endpoint.priority < right->endpoint.priority;
                   });
  std::vector<Level> before = std::exchange(levels_, {});
  for (Member* member : candidates) {
    const std::uint32_t priority = member->endpoint.priority;
    if (levels_.empty() || levels_.back().priority != priority) {
      levels_.push_back(takeLevel(before, priority));
    }
    member->level = static_cast<std::uint8_t>(levels_.size() - 1);
    levels_.back().members.push_back(member);
  }
  if (levels_.empty()) levels_.push_back(takeLevel(before, before.front().priority));
  for (Level& level : levels_) {
    if (level.balancer->passesOver()) level.balancer->setMembers(level.members);
  }
}

Milliseconds Selection::judge(Guards guards) {
  double total = 0;
  for (Member* member : others_) judge(*member, guards);
  for (Level& level : levels_) {
    judge(level, guards);
    total += level.capacity;
  }
  const bool warms = slow_start_ && weigh();
  // While other levels can take all of the traffic, none panics.
  const bool enough = levels_.size() > 1 && total >= 1;
  std::int64_t panics = 0;
  for (Level& level : levels_) {
    const double least = panic_threshold_.fraction() * static_cast<double>(level.members.size());
    level.panics = !enough && static_cast<double>(level.usable.size()) < least;
    if (level.panics) panics = 1;
    offer(level);
  }
  panics_.set(panics);
  shareOut(total);
  return warms ? slow_start_->step() : Milliseconds(0);
}

// Members that were added, or are usable again, start slowly while most of the others have been in
// use: if these are few, they could not take the rest of the traffic.
void Selection::noteNewcomers() {
  const Nanoseconds now = tools_.loop.now();
  std::vector<Member*> fresh;
  std::size_t usable = 0;
  for (Level& level : levels_) {
    usable += level.usable.size();
    for (Member* member : level.members) {
      const bool served = std::exchange(member->served, member->usable());
      if (!member->usable()) member->warms = Nanoseconds(0);
      if (!served && member->served) fresh.push_back(member);
    }
  }
  if (2 * fresh.size() > usable) return;
  for (Member* member : fresh) member->warms = std::max(now, Nanoseconds(1));
}

// Whether any member starts slowly.
bool Selection::weigh() {
  noteNewcomers();
  const Nanoseconds now = tools_.loop.now();
  bool warms = false;
  for (Level& level : levels_) {
    for (Member* member : level.members) {
      if (now - member->warms >= slow_start_->window) member->warms = Nanoseconds(0);
      warms |= member->warms.count() > 0;
    }
  }
  for (Level& level : levels_) {
    for (Member* member : level.members) {
      member->weight = member->endpoint.weight * (warms ? kWeightUnit : 1);
      if (member->warms.count() == 0) continue;
      const double part = slow_start_->factorAt(now - member->warms);
      member->weight = std::max(1U, static_cast<std::uint32_t>(member->weight * part));
    }
  }
  return warms;
}

void Selection::judge(Level& level, Guards guards) const {
  level.usable.clear();
  for (Member* member : level.members) {
    judge(*member, guards);
    if (member->usable()) level.usable.push_back(member);
  }
  if (level.members.empty()) return;
  const double share =
      static_cast<double>(level.usable.size()) / static_cast<double>(level.members.size());
  level.capacity = std::min(1.0, share * overprovisioning_.fraction());
}

void Selection::judge(Member& member, Guards guards) const {
  const auto may_pick = [&](const auto& guard) { return guard->mayPick(member); };
  const auto wants_pick = [&](const auto& guard) { return guard->wantsPick(member); };
  member.on_probe = std::any_of(guards.begin(), guards.end(), wants_pick);
  const bool ejected = !std::all_of(guards.begin(), guards.end(), may_pick);
  if (ejected == member.ejected) return;
  member.ejected = ejected;
  member.since = tools_.loop.now();
}

void Selection::offer(Level& level) {
  for (Member* member : level.members) member->available = level.panics || member->usable();
  if (level.balancer->passesOver()) return;
  level.balancer->setMembers(level.panics ? level.members : level.usable);
}

// If no member of any level is usable, levels that panic get traffic by their number of members.
void Selection::shareOut(double total) {
  double left = 1;
  double sum = 0;
  for (Level& level : levels_) {
    double part = 0;
    if (total >= 1) {
      part = std::min(left, level.capacity);
    } else if (total > 0) {
      part = level.capacity / total;
    } else if (candidates_ > 0) {
      part = static_cast<double>(level.members.size()) / static_cast<double>(candidates_);
    }
    left -= part;
    sum = std::min(1.0, sum + part);
    level.part_end = static_cast<std::uint32_t>(sum * kWhole);
  }
  levels_.back().part_end = kWhole;
}

Member* Selection::pickByLevel(const Pick& pick) {
  const std::uint64_t drawn = pick.key ? mixed(*pick.key ^ kLevelSeed) : tools_.random.next();
  const auto point = static_cast<std::uint32_t>(drawn >> (64 - kWholeBits));
  const auto chosen = std::find_if(levels_.begin(), levels_.end(),
                                   [&](const Level& level) { return point < level.part_end; });
  Member* found = chosen->balancer->pick(pick);
  if (found != nullptr && !isTried(pick.tried, found)) return found;
  // Another level, in the order of priority: none is available here, or all were tried.
  for (auto other = levels_.begin(); other != levels_.end(); ++other) {
    Member* const next = other == chosen ? nullptr : other->balancer->pick(pick);
    if (next == nullptr) continue;
    if (!isTried(pick.tried, next)) return next;
    if (found == nullptr) found = next;
  }
  return found;
}

bool Selection::mayStick(const Member& member, Tried tried) {
  const bool drains = member.endpoint.draining && member.usable();
  return member.listed && (member.available || drains) && !isTried(tried, &member);
}

bool Selection::wantsOutcomes() const {
  return std::any_of(levels_.begin(), levels_.end(),
                     [](const Level& level) { return level.balancer->wantsOutcomes(); });
}

}  // namespace weir::upstream
