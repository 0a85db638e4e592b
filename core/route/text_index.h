#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

// An open-addressing hash from (scope, text) to a number. Grown while it is built, then read only.
// Its keys come from the configuration, so that no client can make them collide with each other.
class TextIndex {
 public:
  // Keeps the first value of a key.
  void add(std::uint32_t scope, std::string_view text, std::uint32_t value);
  void shrink();  // gives back what growing left over

  std::optional<std::uint32_t> find(std::uint32_t scope, std::string_view text) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint32_t hash = hashOf(scope, text);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.value == kFree) return std::nullopt;
      if (slot.hash == hash && slot.scope == scope && slot.length == text.size() &&
          std::memcmp(texts_.data() + slot.offset, text.data(), text.size()) == 0) {
        return slot.value;
      }
    }
  }
  std::size_t size() const { return used_; }

 private:
  static constexpr std::uint32_t kFree = UINT32_MAX;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t scope = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t value = kFree;
  };

  static std::uint64_t load(const char* from, std::size_t bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, bytes);
    return word;
  }
  static std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29);
  }
  // The last word of a text, which overlaps the one before it.
  static std::uint64_t lastWord(std::string_view text) {
    const char* start = text.data();
    const std::size_t size = text.size();
    if (size >= 8) return load(start + size - 8, 8);
    if (size >= 4) return load(start, 4) | load(start + size - 4, 4) << 32;
    if (size == 0) return 0;
    return load(start, 1) | load(start + size / 2, 1) << 8 | load(start + size - 1, 1) << 16;
  }
  static std::uint32_t hashOf(std::uint32_t scope, std::string_view text) {
    std::uint64_t hash = std::uint64_t{scope} << 32 | static_cast<std::uint32_t>(text.size());
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) hash = mix(hash, load(&text[at], 8));
    hash = mix(hash, lastWord(text)) * 0x9E3779B97F4A7C15U;
    return static_cast<std::uint32_t>(hash >> 32);
  }
  void place(const Slot& slot);
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  std::string texts_;
};

}  // namespace weir::route
