#include "core/http/header_id.h"

#include <array>
#include <cstdint>

#include "core/base/short_text.h"

namespace weir::http {
namespace {

constexpr const auto& kNames = kHeaderNames;

constexpr std::size_t kLongest = 24;

// A name in lower case, as words of eight bytes, which overlap if its size is not a multiple of
// eight: comparing words is faster than a loop over bytes.
struct NameWords {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t last = 0;
};

constexpr std::uint64_t wordAt(std::string_view name, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = at; i < name.size() && i < at + 8; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(name[i])) << (8 * (i - at));
  }
  return word;
}

constexpr NameWords wordsOfLower(std::string_view name) {
  NameWords words;
  words.first = wordAt(name, 0);
  if (name.size() >= 8) words.last = wordAt(name, name.size() - 8);
  if (name.size() > 16) words.second = wordAt(name, 8);
  return words;
}

// Of the bytes of a token, only capital letters become a letter or a dash when this bit is set: the
// comparison with names of letters and dashes ignores case.
constexpr std::uint64_t kSmall = 0x2020202020202020U;

bool equals(const NameWords& words, std::string_view name) {
  const char* at = name.data();
  const std::size_t size = name.size();
  const auto small = [at](std::size_t i) { return loadWord<std::uint64_t>(at + i) | kSmall; };
  if (size < 8) {
    const std::uint64_t letters = (std::uint64_t{1} << (8 * size)) - 1;
    return words.first == (shortWord(at, size) | (kSmall & letters));
  }
  if (words.first != small(0) || words.last != small(size - 8)) return false;
  return size <= 16 || words.second == small(8);
}

struct Known {
  NameWords words;
  HeaderId id = HeaderId::kOther;
  std::uint8_t length = 0;
};

// A perfect hash of length, first and last letter: a lookup needs one comparison.
struct Index {
  static constexpr unsigned kSlots = 512;
  unsigned of_length = 0;
  unsigned of_last = 0;
  std::array<std::uint8_t, kSlots> ids{};

  constexpr unsigned slot(std::string_view name) const {
    const auto letter = [](char c) { return static_cast<unsigned char>(c) | 0x20U; };
    const auto length = static_cast<unsigned>(name.size());
    return (length * of_length + letter(name.front()) + letter(name.back()) * of_last) % kSlots;
  }
  constexpr bool fill() {
    ids = {};
    for (std::size_t id = 1; id < kNames.size(); ++id) {
      std::uint8_t& place = ids[slot(kNames[id])];
      if (place != 0) return false;
      place = static_cast<std::uint8_t>(id);
    }
    return true;
  }
};

constexpr Index makeIndex() {
  Index index;
  for (index.of_length = 1; index.of_length < 64; ++index.of_length) {
    for (index.of_last = 1; index.of_last < 64; ++index.of_last) {
      if (index.fill()) return index;
    }
  }
  return {};  // unreachable: see the static_assert below
}

constexpr Index kIndex = makeIndex();
static_assert(kIndex.of_length != 0, "two names share length, first and last letter");

constexpr std::array<Known, kNames.size()> makeKnown() {
  std::array<Known, kNames.size()> known;
  for (std::size_t id = 1; id < kNames.size(); ++id) {
    known[id] = {wordsOfLower(kNames[id]), static_cast<HeaderId>(id),
                 static_cast<std::uint8_t>(kNames[id].size())};
  }
  return known;
}

constexpr auto kKnown = makeKnown();

}  // namespace

bool equalsIgnoringCase(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  const char* a = left.data();
  const char* b = right.data();
  std::size_t rest = left.size();
  for (; rest > 8; a += 8, b += 8, rest -= 8) {
    if (lowerWord(loadWord<std::uint64_t>(a)) != lowerWord(loadWord<std::uint64_t>(b))) {
      return false;
    }
  }
  return lowerWord(shortWord(a, rest)) == lowerWord(shortWord(b, rest));
}

HeaderId headerId(std::string_view name) {
  if (name.size() > kLongest || name.empty()) return HeaderId::kOther;
  const Known& known = kKnown[kIndex.ids[kIndex.slot(name)]];
  const bool same = known.length == name.size() && equals(known.words, name);
  return same ? known.id : HeaderId::kOther;
}

}  // namespace weir::http
