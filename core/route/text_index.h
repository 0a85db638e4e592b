#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/route/short_text.h"

namespace weir::route {

// An open-addressing hash table from (scope, text) to a number; read-only once it is built. Its
// keys come from the configuration, so that no client can cause collisions.
class TextIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  TextIndex() : slots_(1) {}
  // Keeps the first value of a key.
  void add(std::uint32_t scope, std::string_view text, std::uint32_t value);
  void shrink();  // releases unused memory after building

  // kNone if there is no such key.
  std::uint32_t find(std::uint32_t scope, std::string_view text) const {
    const std::uint64_t last_word = lastWord(text);
    for (std::size_t at = hashOf(scope, text, last_word);; ++at) {
      const Slot& slot = slots_[at & mask_];
      if (slot.value == kNone) return kNone;
      if (slot.last_word == last_word && slot.length == text.size() && slot.scope == scope &&
          equalStarts(texts_.data() + slot.offset, text)) {
        return slot.value;
      }
    }
  }
  std::size_t size() const { return used_; }

 private:
  struct Slot {
    std::uint64_t last_word = 0;  // with the length, a short text as a whole
    std::uint32_t scope = 0;
    std::uint32_t offset = 0;  // in texts_
    std::uint32_t length = 0;
    std::uint32_t value = kNone;
  };

  static std::size_t hashOf(std::uint32_t scope, std::string_view text, std::uint64_t last_word) {
    std::uint64_t hash = std::uint64_t{scope} << 32 | text.size();
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) hash = mix(hash, loadWord(&text[at]));
    return mix(hash, last_word);
  }
  static std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 32);
  }
  // For two texts of the same length whose last words are equal.
  static bool equalStarts(const char* known, std::string_view text) {
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) {
      if (loadWord(known + at) != loadWord(&text[at])) return false;
    }
    return true;
  }
  void place(const Slot& slot);
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  std::string texts_;
};

}  // namespace weir::route
