#pragma once

#include <cstddef>
#include <cstdint>

#include "gateway/limit/slot_table.h"

namespace weir::gateway {

// The number of requests in flight of any number of keys, exact for all workers together. If there
// are more keys than slots, requests of the others are not counted.
//
// Thread: any.
class InFlightTable {
 public:
  // A request that is counted; empty if it is not.
  using Place = SlotTable::Found;
  struct Entry {
    bool allowed = true;
    bool uncounted = false;    // for want of room
    std::uint32_t others = 0;  // requests of the key, without this one
    Place place = {};
  };

  explicit InFlightTable(std::size_t keys) : slots_(keys, 0) {}

  // Counts one more request of the key, unless there are `most`.
  Entry enter(std::uint64_t key, std::uint32_t most);
  static void leave(const Place& place) {
    if (place) SlotTable::lower(place, 1);
  }
  std::size_t keys() const { return slots_.used(0); }

 private:
  SlotTable slots_;
};

// One limit that a request must satisfy.
struct InFlightClaim {
  InFlightTable* table = nullptr;
  std::uint64_t key = 0;
  std::uint32_t most = 0;
  std::uint32_t policy = 0;      // for the caller
  InFlightTable::Entry entry{};  // the result
};

}  // namespace weir::gateway
