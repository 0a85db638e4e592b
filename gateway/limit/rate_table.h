#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/clock.h"
#include "gateway/limit/slot_table.h"

namespace weir::gateway {

// `burst` units at once after a pause, and one more per `interval`.
struct UnitRate {
  Nanoseconds interval{0};  // at least 1 ns
  std::int64_t burst = 1;   // at least 1

  // A full bucket is used up, and full again after this time; at most kLongest.
  Nanoseconds window() const { return interval * burst; }
  static constexpr Nanoseconds kLongest{std::int64_t{1} << 55};  // 417 days

  bool operator==(const UnitRate&) const = default;
};

// What a limit says about one request.
struct Decision {
  bool allowed = true;
  bool evicted = false;        // another key has lost its state
  std::int64_t remaining = 0;  // units that are left
  Nanoseconds until_full{0};
  // Of a refusal: the time after which the same request would be allowed. Zero if it never will be,
  // because it costs more than the burst.
  Nanoseconds retry_after{0};
};

// A cost outside of this range has the effect of the nearest one in it.
inline std::int64_t effectiveCost(std::int64_t cost, const UnitRate& rate) {
  return std::clamp(cost, -rate.burst, rate.burst + 1);
}
// What a limit says before `cost` is taken, if the bucket is full after the time `missing`.
Decision decisionBefore(Nanoseconds missing, const UnitRate& rate, std::int64_t cost);
// The same after it was taken.
Decision decisionAfter(Nanoseconds missing, const UnitRate& rate);

// Token buckets of any number of keys, exact for all workers together: the generic cell rate
// algorithm. The state of a key is its theoretical arrival time, at which its bucket is full again;
// keys with full buckets take no room. If there are more of the others than slots, the bucket that
// is nearest to full is forgotten.
//
// `now` is monotonic time. That of one thread may be behind that of others: then fewer units are
// allowed, never more.
//
// Thread: any.
class RateTable {
 public:
  // For `keys` or a few more, at 16 bytes each.
  RateTable(std::size_t keys, Nanoseconds now) : slots_(keys, now.count()) {}

  // Units that were taken, for giveBack().
  struct Taken {
    SlotTable::Found slot;
    Nanoseconds amount{0};
  };

  // Decides without taking.
  Decision look(std::uint64_t key, const UnitRate& rate, std::int64_t cost, Nanoseconds now) const;
  // Takes `cost` units, or none if they are not available. A negative cost gives units back, at
  // most until the bucket is full.
  Decision take(std::uint64_t key, const UnitRate& rate, std::int64_t cost, Nanoseconds now,
                Taken& taken);
  // Undoes a take(). `now` must be no earlier than that of any other thread's calls in the
  // meantime: what would be available by now in any case is not credited twice.
  static void giveBack(const Taken& taken, Nanoseconds now);

  // Fills the bucket. Returns the time that it would have needed to be full.
  Nanoseconds fill(std::uint64_t key, Nanoseconds now);
  // Undoes fill(), whatever was taken since.
  void unfill(std::uint64_t key, Nanoseconds amount, Nanoseconds now);
  // Sets the time that the bucket needs to be full, as another source states it.
  void put(std::uint64_t key, Nanoseconds missing, Nanoseconds now);

  // Takes over the buckets of another table, which were filled at another rate: each is as full as
  // before, in parts of its burst. For a new table, before other threads use it.
  void adopt(const RateTable& other, const UnitRate& from, const UnitRate& to, Nanoseconds now);

  std::size_t size() const { return slots_.size(); }
  // Keys whose buckets are not full.
  std::size_t keys(Nanoseconds now) const { return slots_.used(now.count()); }

 private:
  SlotTable slots_;
};

// A quota is a rate in a time that only moves at the end of its windows: a unit takes one
// nanosecond, and a window is longer than all units together.
struct QuotaTime {
  static constexpr unsigned kWindowBits = 32;

  static Nanoseconds baseOf(std::int64_t window) { return Nanoseconds(window << kWindowBits); }
  static constexpr UnitRate rateOf(std::int64_t units) { return {Nanoseconds(1), units}; }

  Nanoseconds base{0};  // the time
  std::int64_t window = 0;
  Nanoseconds left{0};  // of the window, in real time
};

// One limit that a request must satisfy.
struct RateClaim {
  RateTable* table = nullptr;
  std::uint64_t key = 0;
  UnitRate rate;
  std::int64_t cost = 1;
  std::uint32_t rule = 0;  // this and the next are for the caller
  std::uint32_t policy = 0;
  std::int64_t waiting = 0;  // units of `rate.burst` for which a request has to wait
  // Units that are taken in addition, for requests that follow, as far as they are available.
  // Negative: those that were used without the server, and are charged now.
  std::int64_t lease = 0;
  Nanoseconds alone{0};     // the time of fill() of which these are the units
  bool marked = false;      // this claim alone takes a lease of the key
  std::int64_t leased = 0;  // units of a lease that it has used up, instead of the cost
  // Of a quota: units of the table instead of time.
  std::optional<QuotaTime> quota = {};
  Decision decision{};  // the result
  RateTable::Taken taken{};

  // The time for the table.
  Nanoseconds at(Nanoseconds now) const { return quota ? quota->base : now; }
  void look(Nanoseconds now) { decision = table->look(key, rate, cost, at(now)); }
  bool take(Nanoseconds now) {
    decision = table->take(key, rate, cost, at(now), taken);
    return decision.allowed;
  }
};

// Takes from all tables, or from none if one of them refuses. `now` is the time of the request and
// `clock()` the present time, asked only if another thread interferes.
bool takeAll(std::span<RateClaim> claims, Nanoseconds now, Nanoseconds (*clock)() = monotonicNow);

}  // namespace weir::gateway
