#include "core/base/metric_details.h"

#include <algorithm>
#include <bit>

namespace weir {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
// 2^(i/8) for i from 0 to 7.
constexpr std::array<double, 8> kEighths = {1.0,
                                            1.0905077326652577,
                                            1.1892071150027211,
                                            1.2968395546510096,
                                            1.4142135623730951,
                                            1.5422108254079408,
                                            1.6817928305074290,
                                            1.8340080864093424};

}  // namespace

// The index of a value m * 2^e, with m in [1, 2), is 8 e plus the number of eighths below m.
std::size_t MetricDetail::cellOf(Nanoseconds value) {
  if (value.count() <= 0) return 0;
  const double seconds = static_cast<double>(value.count()) / kNanosecondsPerSecond;
  constexpr unsigned kMantissaBits = 52;
  constexpr int kBias = 1023;
  const auto bits = std::bit_cast<std::uint64_t>(seconds);
  const int exponent = static_cast<int>(bits >> kMantissaBits) - kBias;
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
  const auto mantissa =
      std::bit_cast<double>((bits & kMantissa) | std::bit_cast<std::uint64_t>(1.0));
  int index = 8 * exponent;
  for (const double eighth : kEighths) index += mantissa > eighth ? 1 : 0;
  constexpr int kLastCell = static_cast<int>(kCells);
  return static_cast<std::size_t>(std::clamp(index - kFirstIndex + 1, 0, kLastCell));
}

void MetricDetail::note(const Exemplar& exemplar) {
  Slot& slot = exemplars_[key_.family().shape->bucketOf(exemplar.value.count())];
  const auto since = exemplar.time.count() -
                     static_cast<std::int64_t>(slot.words[4].load(std::memory_order_relaxed));
  const std::uint64_t version = slot.version.load(std::memory_order_relaxed);
  if (version != 0 && since >= 0 && since < kExemplarEvery.count()) return;
  slot.version.store(version + 1, std::memory_order_relaxed);
  // A reader that sees one of these words also sees the version before it.
  const std::array<std::uint64_t, 5> words = {exemplar.trace_id[0], exemplar.trace_id[1],
                                              exemplar.span_id,
                                              static_cast<std::uint64_t>(exemplar.value.count()),
                                              static_cast<std::uint64_t>(exemplar.time.count())};
  for (std::size_t i = 0; i < words.size(); ++i) {
    slot.words[i].store(words[i], std::memory_order_release);
  }
  slot.version.store(version + 2, std::memory_order_release);
}

// Nothing if there is none, or if it changes at this moment.
std::optional<Exemplar> MetricDetail::exemplar(std::size_t bucket) const {
  const Slot& slot = exemplars_[bucket];
  const std::uint64_t version = slot.version.load(std::memory_order_acquire);
  if (version == 0 || version % 2 != 0) return std::nullopt;
  std::array<std::uint64_t, 5> words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = slot.words[i].load(std::memory_order_acquire);
  }
  Exemplar found;
  found.trace_id = {words[0], words[1]};
  found.span_id = words[2];
  found.value = Nanoseconds(static_cast<std::int64_t>(words[3]));
  found.time = Nanoseconds(static_cast<std::int64_t>(words[4]));
  if (slot.version.load(std::memory_order_relaxed) != version) return std::nullopt;
  return found;
}

MetricDetails::~MetricDetails() {
  for (Node* node = first_.load(std::memory_order_relaxed); node != nullptr;) {
    const std::unique_ptr<Node> last(node);
    node = node->next;
  }
}

MetricDetail& MetricDetails::find(const HistogramKey& key) {
  const auto found = found_.find(key);
  if (found != found_.end()) return *found->second;
  HistogramKey wanted = key;
  const MetricKey other = MetricKey::other(key.family());
  if (found_.size() >= ceiling_ && key != other) {
    const auto others = found_.find(other);
    if (others != found_.end()) return *others->second;
    static_cast<MetricKey&>(wanted) = other;
  }
  auto node = std::make_unique<Node>(wanted, first_.load(std::memory_order_relaxed));
  MetricDetail& made = node->detail;
  found_.emplace(wanted, &made);
  first_.store(node.release(), std::memory_order_release);
  return made;
}

}  // namespace weir
