#include "gateway/limit/slot_table.h"

#include <bit>
#include <limits>
#include <thread>

namespace weir::gateway {
namespace {

// Many, so that regions are evenly filled, but not all, so that few threads wait for each other.
constexpr std::size_t kRegionGroups = 1024;

}  // namespace

// The slot of a new key.
struct SlotTable::Choice {
  Slot* slot = nullptr;
  std::uint64_t word = 0;
  std::int64_t above = std::numeric_limits<std::int64_t>::max();
  int free = 0;  // slots of its group that are free

  // Whether this choice keeps the groups more evenly filled, or if both are full, is the lesser
  // loss.
  bool betterThan(const Choice& other) const {
    return free == 0 && other.free == 0 ? above < other.above : free > other.free;
  }
};

class SlotTable::Held {
 public:
  explicit Held(Latch& latch) : latch_(latch) {
    // Its holder needs a few dozen instructions, unless the kernel interrupts its thread.
    constexpr int kSpins = 100;
    for (int spins = 0; latch_.held.exchange(true, std::memory_order_acquire); ++spins) {
      if (spins >= kSpins) std::this_thread::yield();
    }
  }
  ~Held() { latch_.held.store(false, std::memory_order_release); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  Latch& latch_;
};

SlotTable::SlotTable(std::size_t keys, std::int64_t floor)
    : mask_(std::bit_ceil((keys + kWays - 1) / kWays) - 1),
      groups_(new Group[mask_ + 1]),
      latches_(new Latch[mask_ / kRegionGroups + 1]) {
  for (std::size_t i = 0; i <= mask_; ++i) {
    for (Slot& slot : groups_[i].slots) {
      slot.word.store(pack(floor, 0), std::memory_order_relaxed);
    }
  }
}

std::size_t SlotTable::secondGroup(std::uint64_t key) const {
  // Differs from the first in the bits that number the groups of a region.
  constexpr unsigned kUnusedBits = 48;
  return (firstGroup(key) ^ (key >> kUnusedBits & (kRegionGroups - 1))) & mask_;
}

SlotTable::Found SlotTable::find(std::uint64_t key) const {
  const std::size_t first = firstGroup(key);
  for (std::size_t at = first;;) {
    for (Slot& slot : groups_[at].slots) {
      // The word first: if the slot gets another key after that, the word has changed.
      const std::uint64_t word = slot.word.load(std::memory_order_acquire);
      if (slot.key.load(std::memory_order_relaxed) != key) continue;
      if ((word & kChanging) == 0) return {&slot, word};
    }
    const std::size_t second = secondGroup(key);
    if (at == second) return {};
    at = second;
  }
}

bool SlotTable::change(Found& found, std::int64_t number) {
  const std::uint64_t to = pack(number, found.word);
  if (!found.slot->word.compare_exchange_strong(found.word, to, std::memory_order_relaxed)) {
    return false;
  }
  found.word = to;
  return true;
}

void SlotTable::lower(const Found& found, std::int64_t by) {
  std::uint64_t word = found.slot->word.load(std::memory_order_relaxed);
  while ((word & kVersion) == (found.word & kVersion)) {
    if (found.slot->word.compare_exchange_weak(word, word - pack(by, 0),
                                               std::memory_order_relaxed)) {
      return;
    }
  }
}

SlotTable::Choice SlotTable::choiceIn(Group& group, std::int64_t floor) {
  Choice choice{.slot = &group.slots.front()};
  for (Slot& slot : group.slots) {
    const std::uint64_t word = slot.word.load(std::memory_order_relaxed);
    const std::int64_t height = above(word, floor);
    if (height <= 0) ++choice.free;
    if (height >= choice.above) continue;
    choice.slot = &slot;
    choice.word = word;
    choice.above = height;
  }
  return choice;
}

SlotTable::Choice SlotTable::choose(std::uint64_t key, std::int64_t floor) const {
  const std::size_t first = firstGroup(key);
  const std::size_t second = secondGroup(key);
  const Choice choice = choiceIn(groups_[first], floor);
  if (first == second) return choice;
  const Choice other = choiceIn(groups_[second], floor);
  return other.betterThan(choice) ? other : choice;
}

SlotTable::Added SlotTable::add(std::uint64_t key, std::int64_t number, std::int64_t floor,
                                bool replaces, Found& found) {
  const Held held(latches_[firstGroup(key) / kRegionGroups]);
  if (find(key)) return Added::kPresent;
  for (;;) {
    Choice choice = choose(key, floor);
    if (choice.above > 0 && !replaces) return Added::kFull;
    Slot& slot = *choice.slot;
    // Fails if the number has changed: then another slot may be the better choice.
    if (!slot.word.compare_exchange_strong(choice.word, choice.word + kChanging,
                                           std::memory_order_relaxed)) {
      continue;
    }
    slot.key.store(key, std::memory_order_relaxed);
    found = {&slot, pack(number, (choice.word & kVersion) + 2)};
    slot.word.store(found.word, std::memory_order_release);
    return choice.above > 0 ? Added::kReplaced : Added::kAdded;
  }
}

std::size_t SlotTable::used(std::int64_t floor) const {
  std::size_t count = 0;
  forEach(floor, [&](std::uint64_t, std::int64_t) { ++count; });
  return count;
}

}  // namespace weir::gateway
