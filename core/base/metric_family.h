#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string_view>

namespace weir {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

// The unit of a cell's value and its representation in the exposition.
enum class MetricUnit : std::uint8_t {
  kOne,
  kBytes,
  kNanoseconds,  // shown in seconds
  kMillionths,   // shown as a ratio
};

// The part of a MetricKey that holds the value of a label.
enum class KeyPart : std::uint8_t {
  kNameA,
  kNameB,
  kNameC,       // 20 bits
  kCode,        // 10 bits
  kFirst,       // 7 bits
  kSecond,      // 7 bits
  kSecondLow,   // its lower 4 bits
  kSecondHigh,  // and its upper 3
};

struct MetricLabel {
  using Word = std::string_view (*)(unsigned value);

  constexpr MetricLabel() = default;
  constexpr explicit(false) MetricLabel(std::string_view label, KeyPart in = KeyPart::kNameA)
      : name(label), part(in) {}
  constexpr MetricLabel(std::string_view label, KeyPart in, Word of)
      : name(label), part(in), word(of), has_word(true) {}

  std::string_view name;  // empty: no label
  KeyPart part = KeyPart::kNameA;
  Word word = nullptr;    // null for names
  bool has_word = false;  // with sanitizers, `word` cannot be compared with null at compile time
};

// Declarations are checked while they are compiled: this one has no definition, so that a call of
// it is no constant, and the compiler shows the text.
void refuseDeclaration(const char* why);
consteval void requireThat(bool holds, const char* why) {
  if (!holds) refuseDeclaration(why);
}

// Upper bounds of the buckets of a histogram, ascending, in the unit of the family; one more bucket
// counts larger values. Each histogram has room for the same number of buckets, so that finding one
// takes no loop; a shape with fewer bounds leaves the last ones unused.
class HistogramShape {
 public:
  static constexpr std::size_t kMaxBounds = 15;

  consteval HistogramShape(std::initializer_list<std::int64_t> bounds) : count_(bounds.size()) {
    bounds_.fill(std::numeric_limits<std::int64_t>::max());
    std::size_t at = 0;
    for (const std::int64_t bound : bounds) bounds_.at(at++) = bound;
    requireAscending();
  }
  // `count` bounds: `first`, and each further one `factor` times the one before.
  static consteval HistogramShape exponential(std::int64_t first, std::int64_t factor,
                                              std::size_t count) {
    HistogramShape shape({});
    shape.count_ = count;
    for (std::size_t i = 0; i < count; ++i, first *= factor) shape.bounds_.at(i) = first;
    shape.requireAscending();
    return shape;
  }

  constexpr std::size_t size() const { return count_; }
  constexpr std::int64_t bound(std::size_t index) const { return bounds_[index]; }

  // How many bounds lie below the value.
  constexpr std::size_t bucketOf(std::int64_t value) const {
    std::size_t at = 0;
    at += bounds_[at + 7] < value ? 8 : 0;
    at += bounds_[at + 3] < value ? 4 : 0;
    at += bounds_[at + 1] < value ? 2 : 0;
    at += bounds_[at] < value ? 1 : 0;
    return at;
  }

 private:
  consteval void requireAscending() const {
    for (std::size_t i = 1; i < count_; ++i) {
      requireThat(bounds_.at(i - 1) < bounds_.at(i), "the bounds of a histogram ascend");
    }
  }

  std::array<std::int64_t, kMaxBounds> bounds_{};
  std::size_t count_;
};

// The default: latencies from 0.5 ms to 30 s.
inline constexpr HistogramShape kLatencies = {
    500'000,      1'000'000,    2'500'000,    5'000'000,      10'000'000,
    25'000'000,   50'000'000,   100'000'000,  250'000'000,    500'000'000,
    1000'000'000, 2500'000'000, 5000'000'000, 10'000'000'000, 30'000'000'000};

// A metric as its owner declares it: a constant beside the code that counts, next to a function
// that makes its keys from the values of the labels. The owner's addMetrics() puts it on the page.
struct MetricFamily {
  static constexpr std::size_t kMaxLabels = 5;
  static constexpr unsigned kIdBits = 20;
  using Labels = std::initializer_list<MetricLabel>;

  std::string_view name;
  std::string_view help;
  MetricType type;
  MetricUnit unit;
  std::array<MetricLabel, kMaxLabels> labels{};
  const HistogramShape* shape = nullptr;  // of a histogram
  // Distinguishes the family in a key. A hash of the name, so that families need no common list;
  // MetricFamilies refuses two with the same one.
  std::uint32_t id;

 protected:
  consteval MetricFamily(std::string_view family_name, std::string_view meaning, MetricType kind,
                         MetricUnit in, Labels with)
      : name(family_name), help(meaning), type(kind), unit(in), id(hashOf(family_name)) {
    std::size_t at = 0;
    for (const MetricLabel& label : with) labels.at(at++) = label;
    requireDistinctParts();
  }

 private:
  static consteval std::uint32_t hashOf(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return (hash ^ (hash >> kIdBits)) & ((1U << kIdBits) - 1);
  }
  // The parts of a key that a label occupies, one bit for each.
  static consteval unsigned bitsOf(KeyPart part) {
    constexpr unsigned kLow = 1U << 6;
    constexpr unsigned kHigh = 1U << 7;
    switch (part) {
      case KeyPart::kSecond:
        return kLow | kHigh;
      case KeyPart::kSecondLow:
        return kLow;
      case KeyPart::kSecondHigh:
        return kHigh;
      default:
        return 1U << static_cast<unsigned>(part);
    }
  }
  consteval void requireDistinctParts() const {
    unsigned taken = 0;
    for (const MetricLabel& label : labels) {
      if (label.name.empty()) continue;
      requireThat((taken & bitsOf(label.part)) == 0, "two labels share a part of the key");
      requireThat((label.part <= KeyPart::kNameC) != label.has_word,
                  "a name has no words, any other value has");
      taken |= bitsOf(label.part);
    }
  }
};

// The type of a family determines that of its keys and cells, so that a wrong one does not compile.
struct CounterFamily : MetricFamily {
  consteval CounterFamily(std::string_view family_name, std::string_view meaning, Labels with = {},
                          MetricUnit in = MetricUnit::kOne)
      : MetricFamily(family_name, meaning, MetricType::kCounter, in, with) {
    requireThat(family_name.ends_with("_total"), "the name of a counter ends in _total");
  }
};
struct GaugeFamily : MetricFamily {
  consteval GaugeFamily(std::string_view family_name, std::string_view meaning, Labels with = {},
                        MetricUnit in = MetricUnit::kOne)
      : MetricFamily(family_name, meaning, MetricType::kGauge, in, with) {
    requireThat(!family_name.ends_with("_total"), "only the name of a counter ends in _total");
  }
};
struct HistogramFamily : MetricFamily {
  consteval HistogramFamily(std::string_view family_name, std::string_view meaning,
                            Labels with = {}, MetricUnit in = MetricUnit::kNanoseconds,
                            const HistogramShape& buckets = kLatencies)
      : MetricFamily(family_name, meaning, MetricType::kHistogram, in, with) {
    shape = &buckets;
    requireThat(in != MetricUnit::kNanoseconds || family_name.ends_with("_seconds"),
                "the name of a duration ends in _seconds");
    requireThat(in != MetricUnit::kBytes || family_name.ends_with("_bytes"),
                "the name of a size ends in _bytes");
  }
};

// The value of the labels of a set over the ceiling, and of a label value without a word.
inline constexpr std::string_view kOtherLabel = "__other__";

// The words of an enum's values in their order, as the `word` of a label.
template <const auto& kWords>
constexpr std::string_view wordOf(unsigned value) {
  return value < std::size(kWords) ? std::string_view(kWords[value]) : kOtherLabel;
}

}  // namespace weir
