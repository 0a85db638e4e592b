#include "gateway/limit/lease_table.h"

#include <algorithm>

namespace weir::gateway {

std::optional<std::int64_t> LeaseTable::find(std::uint64_t key, Milliseconds now,
                                             SlotTable::Found& found) const {
  found = slots_.find(key);
  if (!found || found.above(floorAt(now)) <= 0) return std::nullopt;
  return found.above(0);
}

std::int64_t LeaseTable::units(std::uint64_t key, Milliseconds now) const {
  SlotTable::Found found;
  return find(key, now, found).value_or(0) & kUnits;
}

std::optional<std::int64_t> LeaseTable::take(std::uint64_t key, std::int64_t units,
                                             Milliseconds now) {
  for (;;) {
    SlotTable::Found found;
    const auto number = find(key, now, found);
    const std::int64_t there = number.value_or(0) & kUnits;
    if (!number || there < units) return std::nullopt;
    if (SlotTable::change(found, *number - units)) return there - units;
  }
}

void LeaseTable::giveBack(std::uint64_t key, std::int64_t units, Milliseconds now) {
  for (;;) {
    SlotTable::Found found;
    const auto number = find(key, now, found);
    if (!number) return;
    const std::int64_t back = std::min(units, kMostUnits - (*number & kUnits));
    if (back <= 0 || SlotTable::change(found, *number + back)) return;
  }
}

bool LeaseTable::mark(std::uint64_t key, Milliseconds until, Milliseconds now) {
  for (;;) {
    SlotTable::Found found;
    const auto number = find(key, now, found);
    if (number && (*number & kMark) != 0) return false;
    const std::int64_t first = until.count() << kTimeShift | kMark;
    if (slots_.set(key, number ? *number | kMark : first, floorAt(now), found)) return true;
  }
}

void LeaseTable::put(std::uint64_t key, std::int64_t units, Milliseconds until, Milliseconds now) {
  for (;;) {
    SlotTable::Found found;
    const auto number = find(key, now, found);
    if (!number && units <= 0) return;
    const std::int64_t before = number.value_or(0);
    const std::int64_t expiry = std::max(before >> kTimeShift, until.count());
    const std::int64_t all =
        std::min(kMostUnits, (before & kUnits) + std::max<std::int64_t>(0, units));
    if (slots_.set(key, expiry << kTimeShift | all, floorAt(now), found)) return;
  }
}

}  // namespace weir::gateway
