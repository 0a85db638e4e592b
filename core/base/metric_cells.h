#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/metric.h"

namespace weir {

// The metric cells of one worker, or of the control thread.
//
// One thread writes: it looks up cells, which allocates only for a new label set, and adds to them.
// A scraper on another thread may read at any moment without a lock: entries are appended to blocks
// that never move, and published by the count of words in use.
class alignas(64) MetricCells {
 public:
  static constexpr std::size_t kDefaultCeiling = 20'000;
  static constexpr std::size_t kMostLeft = 9;  // most label sets of removed objects, in ceilings

  // Over `ceiling` label sets in use, new ones share one set per family, labeled "__other__".
  explicit MetricCells(std::size_t ceiling = kDefaultCeiling);
  ~MetricCells();
  MetricCells(const MetricCells&) = delete;
  MetricCells& operator=(const MetricCells&) = delete;

  // For the writer. The cells of a key do not move while this object exists.
  Counter counter(CounterKey key) { return Counter(find(key)); }
  Gauge gauge(GaugeKey key) { return Gauge(find(key)); }
  Histogram histogram(HistogramKey key) { return {find(key), *key.family().shape}; }

  // Any thread. Sets the number of label sets of removed routes and upstreams, which do not count
  // towards the ceiling. They keep their cells, which may still be referenced.
  void setLeft(std::size_t label_sets) { left_.set(label_sets); }

  // For readers on any thread. Calls visit(MetricKey, const MetricCell*) with one cell, or with the
  // Histogram::kCells of a histogram; always in the same order, new entries last.
  template <typename Visit>
  void forEach(Visit visit) const;
  std::size_t size() const { return static_cast<std::size_t>(size_.value()); }
  std::uint64_t dropped() const { return dropped_.value(); }  // look-ups over the ceiling

 private:
  struct Slot {
    std::uint64_t hash = 0;
    MetricCell* entry = nullptr;  // two words of key, the family, then the values
  };
  struct Block {
    std::atomic<std::size_t> used{0};  // cells; stored with release when an entry is complete
    std::atomic<Block*> next{nullptr};
    std::size_t capacity = 0;
    MetricCell* cells = nullptr;
  };
  static constexpr std::size_t kKeyCells = 3;

  static std::uint64_t hashOf(std::uint64_t low, std::uint64_t high);
  static bool holds(const MetricCell* entry, std::uint64_t low, std::uint64_t high) {
    return entry[0].value() == low && entry[1].value() == high;
  }
  static MetricKey keyOf(const MetricCell* entry) {
    const auto* const family = std::bit_cast<const MetricFamily*>(entry[2].value());
    return {*family, entry[0].value(), entry[1].value()};
  }
  static std::size_t entryCells(const MetricFamily& family);

  MetricCell* find(const MetricKey& key) { return find(key.family(), key.low(), key.high()); }
  MetricCell* find(const MetricFamily& family, std::uint64_t low, std::uint64_t high);
  MetricCell* insert(const MetricKey& key, std::uint64_t hash);
  MetricCell* append(const MetricKey& key);
  void place(Slot slot);
  void growIndex();
  static Block* makeBlock(std::size_t cells);

  const std::size_t ceiling_;

  std::vector<Slot> index_;  // open addressing, writer only; a power of two
  std::size_t mask_ = 0;
  Block* const first_;
  Block* last_;
  MetricCell size_;
  MetricCell dropped_;
  MetricCell left_;
};

inline std::uint64_t MetricCells::hashOf(std::uint64_t low, std::uint64_t high) {
  __extension__ using Wide = unsigned __int128;
  const Wide product =
      static_cast<Wide>(low ^ 0x2d358dccaa6c78a5U) * static_cast<Wide>(high ^ 0x8bb84b93962eacc9U);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline MetricCell* MetricCells::find(const MetricFamily& family, std::uint64_t low,
                                     std::uint64_t high) {
  const std::uint64_t hash = hashOf(low, high);
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Slot& slot = index_[at];
    if (slot.entry == nullptr) [[unlikely]]
      return insert({family, low, high}, hash);
    if (slot.hash == hash && holds(slot.entry, low, high)) return slot.entry + kKeyCells;
  }
}

template <typename Visit>
void MetricCells::forEach(Visit visit) const {
  const Block* block = first_;
  while (block != nullptr) {
    // `next` first: once it is set, `used` of this block is final and no entry can be missed.
    const Block* const next = block->next.load(std::memory_order_acquire);
    const std::size_t used = block->used.load(std::memory_order_acquire);
    for (std::size_t at = 0; at < used;) {
      const MetricCell* entry = block->cells + at;
      const MetricKey key = keyOf(entry);
      visit(key, entry + kKeyCells);
      at += entryCells(key.family());
    }
    block = next;
  }
}

}  // namespace weir
