#include "core/base/metric_cells.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t kFirstIndex = 256;   // slots
constexpr std::size_t kFirstBlock = 512;   // cells, 4 KiB
constexpr std::size_t kLaterBlock = 4096;  // cells, 32 KiB
constexpr std::size_t kEntryAlignment =
    4;  // cells: a key, its family and its number share a cache line
constexpr std::align_val_t kCacheLine{64};

constexpr std::size_t roundedUp(std::size_t cells) {
  return (cells + kEntryAlignment - 1) / kEntryAlignment * kEntryAlignment;
}

}  // namespace

MetricCells::MetricCells(std::size_t ceiling)
    : ceiling_(ceiling),
      index_(kFirstIndex),
      mask_(kFirstIndex - 1),
      first_(makeBlock(kFirstBlock)),
      last_(first_) {}

MetricCells::~MetricCells() {
  for (Block* block = first_; block != nullptr;) {
    Block* const next = block->next.load(std::memory_order_relaxed);
    ::operator delete(block->cells, kCacheLine);
    delete block;
    block = next;
  }
}

std::size_t MetricCells::entryCells(const MetricFamily& family) {
  constexpr std::size_t kScalar = roundedUp(kKeyCells + 1);
  constexpr std::size_t kHistogram = roundedUp(kKeyCells + Histogram::kCells);
  return family.type == MetricType::kHistogram ? kHistogram : kScalar;
}

MetricCells::Block* MetricCells::makeBlock(std::size_t cells) {
  auto block = std::make_unique<Block>();
  block->capacity = cells;
  void* const memory = ::operator new(cells * sizeof(MetricCell), kCacheLine);
  block->cells = static_cast<MetricCell*>(memory);
  std::uninitialized_value_construct_n(block->cells, cells);
  return block.release();
}

// Adds cells for a new label set. Over the ceiling, returns those of the family's "__other__" set.
MetricCell* MetricCells::insert(const MetricKey& key, std::uint64_t hash) {
  const std::size_t left = std::min<std::size_t>(left_.value(), kMostLeft * ceiling_);
  const bool has_room = size_.value() < ceiling_ + left;
  if (!has_room && key != MetricKey::other(key.family())) {
    dropped_.add(1);
    return find(MetricKey::other(key.family()));
  }
  if ((size() + 1) * 2 > index_.size()) growIndex();
  MetricCell* const entry = append(key);
  place({hash, entry});
  size_.add(1);
  return entry + kKeyCells;
}

MetricCell* MetricCells::append(const MetricKey& key) {
  const std::size_t cells = entryCells(key.family());
  std::size_t used = last_->used.load(std::memory_order_relaxed);
  if (used + cells > last_->capacity) {
    Block* const block = makeBlock(kLaterBlock);
    last_->next.store(block, std::memory_order_release);
    last_ = block;
    used = 0;
  }
  MetricCell* const entry = last_->cells + used;
  entry[0].set(key.low());
  entry[1].set(key.high());
  entry[2].set(std::bit_cast<std::uint64_t>(&key.family()));
  last_->used.store(used + cells, std::memory_order_release);
  return entry;
}

void MetricCells::place(Slot slot) {
  std::size_t at = slot.hash & mask_;
  while (index_[at].entry != nullptr) at = (at + 1) & mask_;
  index_[at] = slot;
}

void MetricCells::growIndex() {
  const std::vector<Slot> old = std::exchange(index_, std::vector<Slot>(index_.size() * 2));
  mask_ = index_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.entry != nullptr) place(slot);
  }
}

}  // namespace weir
