#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"
#include "core/base/metric_families.h"
#include "core/base/names.h"

namespace weir {

// The names in the one series that collects the label sets over the ceiling of MetricCells.
inline constexpr NameId kOtherName = 0xFFFFFFFF;

struct KeyNames {
  NameId a = 0;
  NameId b = 0;
  NameId c = 0;
};

// The width of the lower label where two labels share the second field of a key.
inline constexpr unsigned kSecondLowBits = 4;

struct KeyFields {
  unsigned code = 0;    // < 1024, from codeField()
  unsigned first = 0;   // < 128
  unsigned second = 0;  // < 128
};

// A status as the `code` of a key: 0 (no response) is shown as "none", an invalid one as
// "__other__".
constexpr unsigned codeField(int status) {
  if (status == 0) return 0;
  return status >= 100 && status <= 599 ? static_cast<unsigned>(status) : 1023U;
}

// A family with the values of its labels, in 128 bits. The functions of metric_keys.h create it.
class MetricKey {
 public:
  constexpr MetricKey() = default;
  constexpr MetricKey(Metric metric, KeyNames names, KeyFields fields = {})
      : low_(names.a | (std::uint64_t{names.b} << 32)),
        high_(names.c | (std::uint64_t{fields.code} << 32) | (std::uint64_t{fields.first} << 42) |
              (std::uint64_t{fields.second} << 49) | (std::uint64_t{index(metric)} << 56)) {}

  // The label set of `metric` that collects all sets over the ceiling.
  static constexpr MetricKey other(Metric metric) {
    return {metric, {kOtherName, kOtherName, kOtherName}, {1023, 127, 127}};
  }
  static constexpr MetricKey fromWords(std::uint64_t low, std::uint64_t high) {
    MetricKey key;
    key.low_ = low;
    key.high_ = high;
    return key;
  }

  constexpr Metric metric() const { return static_cast<Metric>(high_ >> 56); }
  constexpr KeyNames names() const {
    return {static_cast<NameId>(low_), static_cast<NameId>(low_ >> 32), static_cast<NameId>(high_)};
  }
  constexpr KeyFields fields() const {
    return {static_cast<unsigned>(high_ >> 32) & 1023U, static_cast<unsigned>(high_ >> 42) & 127U,
            static_cast<unsigned>(high_ >> 49) & 127U};
  }
  constexpr std::uint64_t low() const { return low_; }
  constexpr std::uint64_t high() const { return high_; }
  friend constexpr bool operator==(const MetricKey&, const MetricKey&) = default;

 private:
  static constexpr unsigned index(Metric metric) { return static_cast<unsigned>(metric); }

  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

// The type of a key determines the handle of its family, so that a wrong one does not compile.
struct CounterKey : MetricKey {
  using MetricKey::MetricKey;
};
struct GaugeKey : MetricKey {
  using MetricKey::MetricKey;
};
struct HistogramKey : MetricKey {
  using MetricKey::MetricKey;
};

// One number with one writer and any number of readers. Relaxed: readers see changes a moment late.
class MetricCell {
 public:
  void add(std::uint64_t n) { set(value() + n); }  // a negative n as its two's complement
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Handles: pointers to cells of a MetricCells, valid as long as it is, used on its thread only.
// Freely copyable. A default-constructed handle must not be used.

class Counter {
 public:
  Counter() = default;
  explicit Counter(MetricCell* cell) : cell_(cell) {}
  void add(std::uint64_t n = 1) const { cell_->add(n); }
  std::uint64_t value() const { return cell_->value(); }

 private:
  MetricCell* cell_ = nullptr;
};

// The scraper shows the sum of the gauges of all workers and the control thread.
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(MetricCell* cell) : cell_(cell) {}
  void add(std::int64_t n) const { cell_->add(static_cast<std::uint64_t>(n)); }
  void set(std::int64_t value) const { cell_->set(static_cast<std::uint64_t>(value)); }
  std::int64_t value() const { return static_cast<std::int64_t>(cell_->value()); }

 private:
  MetricCell* cell_ = nullptr;
};

// Upper bounds of the buckets; one more bucket counts longer durations.
inline constexpr std::array<std::int64_t, 15> kBucketBounds = {  // nanoseconds
    500'000,      1'000'000,    2'500'000,    5'000'000,      10'000'000,
    25'000'000,   50'000'000,   100'000'000,  250'000'000,    500'000'000,
    1000'000'000, 2500'000'000, 5000'000'000, 10'000'000'000, 30'000'000'000};
inline constexpr std::size_t kBucketCount = kBucketBounds.size() + 1;

// The bucket of a duration: how many bounds lie below it.
constexpr std::size_t bucketOf(std::int64_t nanoseconds) {
  std::size_t at = 0;
  at += kBucketBounds[at + 7] < nanoseconds ? 8 : 0;
  at += kBucketBounds[at + 3] < nanoseconds ? 4 : 0;
  at += kBucketBounds[at + 1] < nanoseconds ? 2 : 0;
  at += kBucketBounds[at] < nanoseconds ? 1 : 0;
  return at;
}

// Classic buckets, each counted on its own (not cumulative), and the sum in nanoseconds.
class Histogram {
 public:
  static constexpr std::size_t kCells = kBucketCount + 1;  // the sum, then the buckets

  Histogram() = default;
  explicit Histogram(MetricCell* cells) : cells_(cells) {}
  void observe(Nanoseconds duration) const {
    const std::int64_t ns = duration.count() < 0 ? 0 : duration.count();
    cells_[0].add(static_cast<std::uint64_t>(ns));
    cells_[1 + bucketOf(ns)].add(1);
  }

 private:
  MetricCell* cells_ = nullptr;
};

}  // namespace weir
