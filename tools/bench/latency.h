#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace weir::bench {

// Counts durations with an error below one percent, from a nanosecond to hours, in constant memory:
// 128 slots for each power of two.
class Latency {
 public:
  void add(std::uint64_t nanoseconds) {
    ++slots_[slotOf(nanoseconds)];
    ++count_;
    if (nanoseconds > largest_) largest_ = nanoseconds;
  }

  // The duration that `share` (0 to 1) of the recorded ones do not exceed; 0 if none was recorded.
  std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_) + 0.5);
    std::uint64_t seen = 0;
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      seen += slots_[slot];
      if (seen > 0 && seen >= wanted)
        return upperEdge(slot) < largest_ ? upperEdge(slot) : largest_;
    }
    return largest_;
  }

  std::uint64_t largest() const { return largest_; }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr unsigned kBits = 7;
  static constexpr std::uint64_t kPerPower = 1U << kBits;

  static std::size_t slotOf(std::uint64_t value) {
    if (value < kPerPower) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return (shift << kBits) + (value >> shift);
  }

  static std::uint64_t upperEdge(std::size_t slot) {
    if (slot < 2 * kPerPower) return slot;
    const auto shift = static_cast<unsigned>((slot >> kBits) - 1);
    return ((slot - (static_cast<std::size_t>(shift) << kBits) + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kBits + 1) * kPerPower> slots_{};
  std::uint64_t count_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace weir::bench
