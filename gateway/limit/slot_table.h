#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir::gateway {

// One number for each key, shared by all workers: a hash table of fixed size.
//
// A key is a hash of 64 bits. A slot is free if its number is not above the `floor` of the caller,
// so that nothing is ever removed. A number has 58 bits; differences of numbers wrap around.
//
// Changing the number of a known key is lock-free. Adding a key excludes other threads that add one
// in the same region, for some dozen instructions, so that a key never has two slots.
//
// Thread: any.
class SlotTable {
 public:
  struct Slot {
    std::atomic<std::uint64_t> key{0};
    // The number, and in the lowest 6 bits a version, which changes with the key: a change is
    // refused if the slot has got another key in the meantime. An odd version: the key is changing.
    std::atomic<std::uint64_t> word{0};
  };
  // A slot with the word that it had when it was found.
  struct Found {
    explicit operator bool() const { return slot != nullptr; }
    // How far the number is above `floor`; negative if it is below.
    std::int64_t above(std::int64_t floor) const { return SlotTable::above(word, floor); }

    Slot* slot = nullptr;
    std::uint64_t word = 0;
  };
  enum class Added : std::uint8_t {
    kAdded,
    kReplaced,  // another key has lost its number
    kPresent,   // another thread has added the key
    kFull,
  };

  // For at least `keys`, at 16 bytes each. All slots are free at `floor`.
  SlotTable(std::size_t keys, std::int64_t floor);
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  Found find(std::uint64_t key) const;
  // Sets the number, if slot and number are still those that were found. If not, find() again.
  static bool change(Found& found, std::int64_t number);
  // Lowers the number, if the slot still belongs to the key, whatever the number is by now.
  static void lower(const Found& found, std::int64_t by);
  // Adds a key with a number above `floor`. If none of its slots is free, it replaces the key with
  // the lowest number, if `replaces`. `found` is the slot unless the result is kPresent or kFull.
  Added add(std::uint64_t key, std::int64_t number, std::int64_t floor, bool replaces,
            Found& found);

  // Gives a key a number above `floor`, in the slot that find() has found or in a new one. False if
  // another thread was faster: then find() again.
  bool set(std::uint64_t key, std::int64_t number, std::int64_t floor, Found& found) {
    if (found) return change(found, number);
    return add(key, number, floor, true, found) != Added::kPresent;
  }

  std::size_t size() const { return (mask_ + 1) * kWays; }
  std::size_t used(std::int64_t floor) const;  // slots that are not free
  // Calls visit(key, how far its number is above the floor) for each slot that is not free.
  template <typename Visit>
  void forEach(std::int64_t floor, Visit visit) const;

 private:
  static constexpr std::size_t kWays = 8;
  static constexpr unsigned kVersionBits = 6;
  static constexpr std::uint64_t kVersion = (1U << kVersionBits) - 1;
  static constexpr std::uint64_t kChanging = 1;

  struct alignas(128) Group {
    mutable std::array<Slot, kWays> slots;
  };
  struct alignas(64) Latch {
    std::atomic<bool> held{false};
  };
  class Held;
  struct Choice;

  static std::uint64_t pack(std::int64_t number, std::uint64_t version) {
    return static_cast<std::uint64_t>(number) << kVersionBits | (version & kVersion);
  }
  static std::int64_t above(std::uint64_t word, std::int64_t floor) {
    return static_cast<std::int64_t>((word & ~kVersion) - pack(floor, 0)) >> kVersionBits;
  }
  // The two groups in which a key may be. They are in the same region.
  std::size_t firstGroup(std::uint64_t key) const { return key & mask_; }
  std::size_t secondGroup(std::uint64_t key) const;
  static Choice choiceIn(Group& group, std::int64_t floor);
  Choice choose(std::uint64_t key, std::int64_t floor) const;

  std::size_t mask_;  // number of groups - 1
  std::unique_ptr<Group[]> groups_;
  std::unique_ptr<Latch[]> latches_;  // one for each region
};

template <typename Visit>
void SlotTable::forEach(std::int64_t floor, Visit visit) const {
  for (std::size_t i = 0; i <= mask_; ++i) {
    for (const Slot& slot : groups_[i].slots) {
      const std::uint64_t word = slot.word.load(std::memory_order_acquire);
      const std::int64_t height = above(word, floor);
      if (height > 0) visit(slot.key.load(std::memory_order_relaxed), height);
    }
  }
}

}  // namespace weir::gateway
