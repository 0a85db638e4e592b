#include "core/redis/cluster_map.h"

#include <algorithm>
#include <array>

#include "core/base/number.h"
#include "core/redis/server_address.h"

namespace weir::redis {
namespace {

constexpr unsigned kByteBits = 8;

// CRC-16/XMODEM, one entry for each value of a byte.
constexpr std::array<std::uint16_t, 256> kCrcTable = [] {
  constexpr std::uint16_t kPolynomial = 0x1021;
  constexpr std::uint16_t kTopBit = 0x8000;
  std::array<std::uint16_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    auto crc = static_cast<std::uint16_t>(i << kByteBits);
    for (unsigned bit = 0; bit < kByteBits; ++bit) {
      const bool carry = (crc & kTopBit) != 0;
      crc = static_cast<std::uint16_t>(crc << 1U);
      if (carry) crc ^= kPolynomial;
    }
    table[i] = crc;
  }
  return table;
}();

// Removes the first word of the text and returns it; empty at the end.
std::string_view nextWord(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool hasFlag(std::string_view flags, std::string_view flag) {
  while (!flags.empty()) {
    const std::size_t end = std::min(flags.find(','), flags.size());
    if (flags.substr(0, end) == flag) return true;
    flags.remove_prefix(std::min(end + 1, flags.size()));
  }
  return false;
}

std::optional<std::uint16_t> slotNumber(std::string_view text) {
  const auto number = parseNumber<std::uint16_t>(text);
  return number && *number < kSlots ? number : std::nullopt;
}

// "0-5460" or "7". Slots on their way to or from another server are in brackets: no range.
std::optional<std::pair<std::uint16_t, std::uint16_t>> rangeOf(std::string_view word) {
  const std::size_t dash = word.find('-');
  const auto first = slotNumber(word.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : slotNumber(word.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return std::pair(*first, *last);
}

// ID IP:PORT@PORT[,NAME] FLAGS PRIMARY PING PONG EPOCH LINK [SLOTS...]
std::optional<Primary> primaryOf(std::string_view line) {
  constexpr unsigned kWordsBeforeSlots = 5;  // after the flags
  nextWord(line);
  const std::string_view place = nextWord(line);
  const std::string_view flags = nextWord(line);
  if (!hasFlag(flags, "master") || hasFlag(flags, "fail") || hasFlag(flags, "noaddr")) {
    return std::nullopt;
  }
  const std::string_view text = place.substr(0, place.find_first_of("@,"));
  Primary primary{serverAddress(text), {}};
  const bool unknown = hasFlag(flags, "myself") && text.starts_with(':');
  if (!primary.address && !unknown) return std::nullopt;
  for (unsigned i = 0; i < kWordsBeforeSlots; ++i) nextWord(line);
  while (!line.empty()) {
    if (const auto range = rangeOf(nextWord(line))) primary.slots.push_back(*range);
  }
  if (primary.slots.empty()) return std::nullopt;
  return primary;
}

}  // namespace

std::uint16_t slotOf(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  std::uint16_t crc = 0;
  for (const char each : key) {
    const auto byte = static_cast<std::uint8_t>(each);
    const unsigned index = static_cast<unsigned>(crc >> kByteBits) ^ byte;
    crc = static_cast<std::uint16_t>((crc << kByteBits) ^ kCrcTable.at(index));
  }
  return crc % kSlots;
}

std::vector<Primary> readClusterNodes(std::string_view text) {
  std::vector<Primary> primaries;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto primary = primaryOf(text.substr(0, end))) primaries.push_back(*std::move(primary));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return primaries;
}

std::optional<Redirection> readRedirection(std::string_view error) {
  const std::string_view code = nextWord(error);
  if (code != "MOVED" && code != "ASK") return std::nullopt;
  const auto slot = slotNumber(nextWord(error));
  const auto address = serverAddress(nextWord(error));
  if (!slot || !address) return std::nullopt;
  return Redirection{*slot, *address};
}

}  // namespace weir::redis
