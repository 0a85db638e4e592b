#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/clock.h"
#include "gateway/limit/slot_table.h"

namespace weir::gateway {

// Units of limits that this instance has taken in advance, by key, for all its workers. They
// expire, so that a key that is not used any more takes no room. If there is none, the key whose
// units expire first loses them.
//
// `now` is monotonic time in milliseconds, as of the workers' loops.
//
// Thread: any.
class LeaseTable {
 public:
  static constexpr std::int64_t kMostUnits = 1 << 20;  // of a key; more are ignored

  LeaseTable(std::size_t keys, Milliseconds now) : slots_(keys, floorAt(now)) {}

  std::int64_t units(std::uint64_t key, Milliseconds now) const;
  // Takes them, and returns how many are left; nullopt: there are fewer, and none is taken.
  std::optional<std::int64_t> take(std::uint64_t key, std::int64_t units, Milliseconds now);
  // Undoes a take(), unless the units have expired.
  void giveBack(std::uint64_t key, std::int64_t units, Milliseconds now);

  // Marks the key, until put() or that time, so that only one caller gets more units for it. False
  // if it is marked.
  bool mark(std::uint64_t key, Milliseconds until, Milliseconds now);
  // Removes the mark and adds units, which expire at that time, as those that were there do.
  void put(std::uint64_t key, std::int64_t units, Milliseconds until, Milliseconds now);

 private:
  // A number is the time of expiry in ms, the mark, and the units.
  static constexpr unsigned kTimeShift = 22;
  static constexpr std::int64_t kMark = 1 << 21;
  static constexpr std::int64_t kUnits = kMark - 1;
  static constexpr std::int64_t kLowBits = (std::int64_t{1} << kTimeShift) - 1;

  static std::int64_t floorAt(Milliseconds now) { return now.count() << kTimeShift | kLowBits; }
  // The number of the key; nullopt if it has none, or an expired one. `found` in any case.
  std::optional<std::int64_t> find(std::uint64_t key, Milliseconds now,
                                   SlotTable::Found& found) const;

  SlotTable slots_;
};

}  // namespace weir::gateway
