#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"
#include "core/base/metric_family.h"
#include "core/base/names.h"

namespace weir {

// The names in the one series that collects the label sets over the ceiling of MetricCells.
inline constexpr NameId kOtherName = 0xFFFFFFFF;

struct KeyNames {
  NameId a = 0;
  NameId b = 0;
  NameId c = 0;  // less than 2^20 - 1; others are shown as "__other__"
};

// The width of the lower label where two labels share the second field of a key.
inline constexpr unsigned kSecondLowBits = 4;

struct KeyFields {
  unsigned code = 0;    // < 1024, from codeField()
  unsigned first = 0;   // < 128
  unsigned second = 0;  // < 128
};

// A family with the values of its labels. The family's number and the values take 128 bits. A
// function beside each family makes its keys.
class MetricKey {
 public:
  constexpr MetricKey(const MetricFamily& family, KeyNames names, KeyFields fields = {})
      : family_(&family),
        low_(names.a | (std::uint64_t{names.b} << 32)),
        high_(thirdName(names.c) | (std::uint64_t{fields.code} << 20) |
              (std::uint64_t{fields.first} << 30) | (std::uint64_t{fields.second} << 37) |
              (std::uint64_t{family.id} << 44)) {}
  constexpr MetricKey(const MetricFamily& family, std::uint64_t low, std::uint64_t high)
      : family_(&family), low_(low), high_(high) {}

  // The label set of the family that collects all sets over the ceiling.
  static constexpr MetricKey other(const MetricFamily& family) {
    return {family, {kOtherName, kOtherName, kOtherName}, {1023, 127, 127}};
  }

  constexpr const MetricFamily& family() const { return *family_; }
  constexpr KeyNames names() const {
    const auto third = static_cast<NameId>(high_ & kOtherThird);
    return {static_cast<NameId>(low_), static_cast<NameId>(low_ >> 32),
            third == kOtherThird ? kOtherName : third};
  }
  constexpr KeyFields fields() const {
    return {static_cast<unsigned>(high_ >> 20) & 1023U, static_cast<unsigned>(high_ >> 30) & 127U,
            static_cast<unsigned>(high_ >> 37) & 127U};
  }
  constexpr std::uint64_t low() const { return low_; }
  constexpr std::uint64_t high() const { return high_; }
  friend constexpr bool operator==(const MetricKey& one, const MetricKey& other) {
    return one.low_ == other.low_ && one.high_ == other.high_;
  }

 private:
  static constexpr NameId kOtherThird = 0xFFFFF;
  static constexpr std::uint64_t thirdName(NameId name) {
    return name < kOtherThird ? name : kOtherThird;
  }

  const MetricFamily* family_;
  std::uint64_t low_;
  std::uint64_t high_;
};

struct CounterKey : MetricKey {
  constexpr CounterKey(const CounterFamily& family, KeyNames names, KeyFields fields = {})
      : MetricKey(family, names, fields) {}
};
struct GaugeKey : MetricKey {
  constexpr GaugeKey(const GaugeFamily& family, KeyNames names, KeyFields fields = {})
      : MetricKey(family, names, fields) {}
};
struct HistogramKey : MetricKey {
  constexpr HistogramKey(const HistogramFamily& family, KeyNames names, KeyFields fields = {})
      : MetricKey(family, names, fields) {}
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
  bool found() const { return cell_ != nullptr; }
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

// Buckets, each counted on its own (not cumulative), and the sum of the values.
class Histogram {
 public:
  // The sum, then the buckets.
  static constexpr std::size_t kCells = 1 + HistogramShape::kMaxBounds + 1;

  Histogram() = default;
  Histogram(MetricCell* cells, const HistogramShape& shape) : cells_(cells), shape_(&shape) {}
  bool found() const { return cells_ != nullptr; }
  void observe(Nanoseconds duration) const { observe(duration.count()); }
  void observe(std::int64_t value) const {  // in the unit of the family
    if (value < 0) value = 0;
    cells_[0].add(static_cast<std::uint64_t>(value));
    cells_[1 + shape_->bucketOf(value)].add(1);
  }

 private:
  MetricCell* cells_ = nullptr;
  const HistogramShape* shape_ = nullptr;
};

}  // namespace weir
