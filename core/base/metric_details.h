#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/metric.h"

namespace weir {

// A request that is an example of the values in a bucket.
struct Exemplar {
  std::array<std::uint64_t, 2> trace_id{};  // the bytes of the ID in memory
  std::uint64_t span_id = 0;
  Nanoseconds value{0};
  Nanoseconds time{0};  // by the wall clock
};

// What a histogram of durations has besides its buckets: the cells of a native histogram of
// Prometheus, and an exemplar for each bucket.
//
// One thread writes; others read at any moment without a lock.
class MetricDetail {
 public:
  // Cell i counts values in (2^((i-1)/8), 2^(i/8)] seconds: schema 3, from 61 us to 128 s. Smaller
  // values are in the zero cell, larger ones in the last cell.
  static constexpr int kSchema = 3;
  static constexpr int kFirstIndex = -111;
  static constexpr std::size_t kCells = 168;
  static constexpr double kZeroThreshold = 0x1p-14;
  static constexpr std::size_t kBuckets = HistogramShape::kMaxBounds + 1;
  static constexpr Nanoseconds kExemplarEvery = std::chrono::seconds(1);

  explicit MetricDetail(const HistogramKey& key) : key_(key) {}

  const HistogramKey& key() const { return key_; }
  void observe(Nanoseconds value) { cells_[cellOf(value)].add(1); }
  // Replaces the exemplar of the bucket of this value, once a second at most.
  void note(const Exemplar& exemplar);

  // The zero cell, then the others.
  std::uint64_t cell(std::size_t at) const { return cells_[at].value(); }
  std::optional<Exemplar> exemplar(std::size_t bucket) const;
  // 0 for the zero cell.
  static std::size_t cellOf(Nanoseconds value);

 private:
  struct Slot {
    std::atomic<std::uint64_t> version{0};  // odd while it is being written
    std::array<std::atomic<std::uint64_t>, 5> words{};
  };

  const HistogramKey key_;
  std::array<MetricCell, 1 + kCells> cells_;
  std::array<Slot, kBuckets> exemplars_;
};

// The details of one worker's histograms.
//
// One thread writes: it looks details up, which allocates only for a new label set. A scraper on
// another thread may read at any moment: details are appended to a list and never move.
class MetricDetails {
 public:
  static constexpr std::size_t kDefaultCeiling = 20'000;

  explicit MetricDetails(std::size_t ceiling = kDefaultCeiling) : ceiling_(ceiling) {}
  ~MetricDetails();
  MetricDetails(const MetricDetails&) = delete;
  MetricDetails& operator=(const MetricDetails&) = delete;

  // Over the ceiling, the details of the family's "__other__" set, as in MetricCells.
  MetricDetail& find(const HistogramKey& key);

  // For readers on any thread: calls visit(const MetricDetail&) for each.
  template <typename Visit>
  void forEach(Visit visit) const {
    for (const Node* node = first_.load(std::memory_order_acquire); node != nullptr;
         node = node->next) {
      visit(node->detail);
    }
  }

 private:
  struct Node {
    Node(const HistogramKey& key, Node* after) : detail(key), next(after) {}
    MetricDetail detail;
    Node* next;
  };
  struct Hash {
    std::size_t operator()(const MetricKey& key) const {
      return static_cast<std::size_t>((key.low() ^ key.high() * 0x9E3779B97F4A7C15U) *
                                      0xBF58476D1CE4E5B9U);
    }
  };

  const std::size_t ceiling_;
  std::unordered_map<MetricKey, MetricDetail*, Hash> found_;  // for the writer
  std::atomic<Node*> first_{nullptr};
};

}  // namespace weir
