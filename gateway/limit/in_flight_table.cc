#include "gateway/limit/in_flight_table.h"

#include <algorithm>

namespace weir::gateway {

InFlightTable::Entry InFlightTable::enter(std::uint64_t key, std::uint32_t most) {
  for (;;) {
    Entry entry{.place = slots_.find(key)};
    if (!entry.place) {
      const auto added = slots_.add(key, 1, 0, false, entry.place);
      if (added == SlotTable::Added::kPresent) continue;
      entry.uncounted = added == SlotTable::Added::kFull;
      return entry;
    }
    entry.others = static_cast<std::uint32_t>(std::max<std::int64_t>(0, entry.place.above(0)));
    if (entry.others >= most) return {.allowed = false, .others = entry.others};
    if (SlotTable::change(entry.place, entry.others + 1)) return entry;
  }
}

}  // namespace weir::gateway
