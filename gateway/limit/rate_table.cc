#include "gateway/limit/rate_table.h"

#include <algorithm>

namespace weir::gateway {
namespace {

// How long the bucket needs to be full.
Nanoseconds missing(const SlotTable::Found& found, Nanoseconds now) {
  if (!found) return Nanoseconds(0);
  return Nanoseconds(std::max<std::int64_t>(0, found.above(now.count())));
}

}  // namespace

Decision decisionBefore(Nanoseconds missing, const UnitRate& rate, std::int64_t cost) {
  const Nanoseconds window = rate.window();
  const Nanoseconds after = missing + rate.interval * cost;
  Decision decision;
  decision.allowed = cost <= 0 || after <= window;
  if (!decision.allowed && cost <= rate.burst) decision.retry_after = after - window;
  decision.until_full = missing;
  decision.remaining = std::max<std::int64_t>(0, (window - missing) / rate.interval);
  return decision;
}

Decision decisionAfter(Nanoseconds missing, const UnitRate& rate) {
  Decision decision;
  decision.until_full = missing;
  decision.remaining = std::max<std::int64_t>(0, (rate.window() - missing) / rate.interval);
  return decision;
}

Decision RateTable::look(std::uint64_t key, const UnitRate& rate, std::int64_t cost,
                         Nanoseconds now) const {
  return decisionBefore(missing(slots_.find(key), now), rate, effectiveCost(cost, rate));
}

Decision RateTable::take(std::uint64_t key, const UnitRate& rate, std::int64_t cost,
                         Nanoseconds now, Taken& taken) {
  cost = effectiveCost(cost, rate);
  for (;;) {
    taken = {slots_.find(key), rate.interval * cost};
    const Nanoseconds before = missing(taken.slot, now);
    Decision decision = decisionBefore(before, rate, cost);
    const Nanoseconds after = std::max(Nanoseconds(0), before + taken.amount);
    if (!decision.allowed || after == before) return decision;
    decision.until_full = after;
    decision.remaining = (rate.window() - after) / rate.interval;
    const std::int64_t full_at = (now + after).count();
    if (taken.slot) {
      if (SlotTable::change(taken.slot, full_at)) return decision;
      continue;
    }
    const auto added = slots_.add(key, full_at, now.count(), true, taken.slot);
    if (added == SlotTable::Added::kPresent) continue;
    decision.evicted = added == SlotTable::Added::kReplaced;
    return decision;
  }
}

void RateTable::giveBack(const Taken& taken, Nanoseconds now) {
  // If time has passed since, a part of the units is available again in any case.
  const Nanoseconds back = std::min(taken.amount, missing(taken.slot, now));
  if (back > Nanoseconds(0)) SlotTable::lower(taken.slot, back.count());
}

Nanoseconds RateTable::fill(std::uint64_t key, Nanoseconds now) {
  for (;;) {
    SlotTable::Found found = slots_.find(key);
    const Nanoseconds before = missing(found, now);
    if (before == Nanoseconds(0) || SlotTable::change(found, now.count())) return before;
  }
}

void RateTable::unfill(std::uint64_t key, Nanoseconds amount, Nanoseconds now) {
  for (;;) {
    SlotTable::Found found = slots_.find(key);
    const std::int64_t full_at = (now + missing(found, now) + amount).count();
    if (slots_.set(key, full_at, now.count(), found)) return;
  }
}

void RateTable::put(std::uint64_t key, Nanoseconds missing, Nanoseconds now) {
  const std::int64_t full_at = (now + missing).count();
  for (;;) {
    SlotTable::Found found = slots_.find(key);
    if (!found && missing <= Nanoseconds(0)) return;
    if (slots_.set(key, full_at, now.count(), found)) return;
  }
}

void RateTable::adopt(const RateTable& other, const UnitRate& from, const UnitRate& to,
                      Nanoseconds now) {
  const double scale =
      static_cast<double>(to.window().count()) / static_cast<double>(from.window().count());
  other.slots_.forEach(now.count(), [&](std::uint64_t key, std::int64_t missing) {
    const double scaled = static_cast<double>(missing) * scale;
    const double most = static_cast<double>(to.window().count());
    const auto full_at = now.count() + static_cast<std::int64_t>(std::min(scaled, most));
    SlotTable::Found found;
    slots_.add(key, full_at, now.count(), true, found);
  });
}

bool takeAll(std::span<RateClaim> claims, Nanoseconds now, Nanoseconds (*clock)()) {
  if (claims.size() == 1) return claims.front().take(now);
  const auto look = [&](RateClaim& claim) {
    claim.look(now);
    return claim.decision.allowed;
  };
  if (std::count_if(claims.begin(), claims.end(), look) < std::ssize(claims)) return false;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (claims[i].cost <= 0 || claims[i].take(now)) continue;
    // Another thread was faster.
    for (RateClaim& earlier : claims.first(i)) {
      if (earlier.cost > 0) RateTable::giveBack(earlier.taken, earlier.at(clock()));
      look(earlier);
    }
    return false;
  }
  for (RateClaim& claim : claims) {
    if (claim.cost <= 0) claim.take(now);
  }
  return true;
}

}  // namespace weir::gateway
