#include "observability/access_log/line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

#include "core/base/utf8.h"

namespace weir::access_log {
namespace {

constexpr std::string_view kCut = "...";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kHex = "0123456789abcdef";

// Bytes that neither way of escaping changes.
constexpr std::array<bool, 256> plainBytes() {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlainByte = plainBytes();

constexpr std::uint64_t everyByte(std::uint8_t byte) { return 0x0101010101010101U * byte; }

// True if all of eight bytes are plain: none has its high bit set, is below 0x20 or equals one of
// the three. A byte below the amount subtracted gets its high bit set, whatever it borrows.
bool arePlain(std::uint64_t bytes) {
  const std::uint64_t below_space = bytes - everyByte(0x20);
  const std::uint64_t quote = (bytes ^ everyByte('"')) - everyByte(1);
  const std::uint64_t backslash = (bytes ^ everyByte('\\')) - everyByte(1);
  const std::uint64_t del = (bytes ^ everyByte(0x7F)) - everyByte(1);
  return ((bytes | below_space | quote | backslash | del) & everyByte(0x80)) == 0;
}

char shortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return '\0';
  }
}

}  // namespace

void Line::raw(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(end_ - at_)) {
    overflowed_ = true;
    return;
  }
  at_ = std::copy(text.begin(), text.end(), at_);
}

void Line::number(std::uint64_t number) {
  char text[20];
  const char* const end = std::to_chars(text, text + sizeof text, number).ptr;
  raw({text, static_cast<std::size_t>(end - text)});
}

void Line::digits(std::uint64_t number, std::size_t width) {
  char text[20];
  for (std::size_t i = width; i > 0; --i) {
    text[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  raw({text, width});
}

void Line::seconds(Nanoseconds duration) {
  const auto micros = static_cast<std::uint64_t>(duration.count()) / 1000;
  number(micros / 1'000'000);
  raw(".");
  digits(micros % 1'000'000, 6);
}

void Line::time(Nanoseconds wall_clock) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(wall_clock);
  const std::chrono::year_month_day date{std::chrono::sys_days(day)};
  const std::chrono::hh_mm_ss clock{floor<std::chrono::microseconds>(wall_clock - day)};
  digits(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  raw("-");
  digits(static_cast<unsigned>(date.month()), 2);
  raw("-");
  digits(static_cast<unsigned>(date.day()), 2);
  raw("T");
  digits(static_cast<std::uint64_t>(clock.hours().count()), 2);
  raw(":");
  digits(static_cast<std::uint64_t>(clock.minutes().count()), 2);
  raw(":");
  digits(static_cast<std::uint64_t>(clock.seconds().count()), 2);
  raw(".");
  digits(static_cast<std::uint64_t>(clock.subseconds().count()), 6);
  raw("Z");
}

void Line::beginValue() {
  const auto left = static_cast<std::size_t>(end_ - at_);
  value_end_ = at_ + std::min(left, value_limit_);
  value_cut_ = false;
}

void Line::value(std::string_view piece) {
  while (!value_cut_) {
    piece.remove_prefix(putPlain(piece));
    if (piece.empty()) return;
    piece.remove_prefix(escape_ == Escape::kJson ? putJson(piece) : putHex(piece));
  }
}

void Line::endValue() {
  if (!value_cut_) return;
  if (value_end_ == end_) overflowed_ = true;  // truncated for lack of room, not by the limit
  raw(kCut);
}

void Line::put(std::string_view escaped) {
  if (value_cut_ || escaped.size() > static_cast<std::size_t>(value_end_ - at_)) {
    value_cut_ = true;
    return;
  }
  at_ = std::copy(escaped.begin(), escaped.end(), at_);
}

std::size_t Line::putPlain(std::string_view piece) {
  const std::size_t fits = std::min(piece.size(), static_cast<std::size_t>(value_end_ - at_));
  std::size_t done = 0;
  for (std::uint64_t bytes = 0; done + sizeof bytes <= fits; done += sizeof bytes) {
    std::memcpy(&bytes, piece.data() + done, sizeof bytes);
    if (!arePlain(bytes)) break;
    std::memcpy(at_ + done, &bytes, sizeof bytes);
  }
  for (; done < fits && kPlainByte[static_cast<unsigned char>(piece[done])]; ++done) {
    at_[done] = piece[done];
  }
  at_ += done;
  if (done == fits && fits < piece.size()) value_cut_ = true;
  return done;
}

std::size_t Line::putJson(std::string_view piece) {
  const auto byte = static_cast<unsigned char>(piece[0]);
  if (byte >= 0x80) {
    const std::size_t length = sequenceLength(piece);
    put(length > 0 ? piece.substr(0, length) : kReplacement);
    return std::max<std::size_t>(length, 1);
  }
  if (const char letter = shortEscape(piece[0]); letter != '\0') {
    const char text[] = {'\\', letter};
    put({text, sizeof text});
    return 1;
  }
  const char text[] = {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 15U]};
  put({text, sizeof text});
  return 1;
}

std::size_t Line::putHex(std::string_view piece) {
  const auto byte = static_cast<unsigned char>(piece[0]);
  const char hex[] = {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
  const char quoted[] = {'\\', piece[0]};
  const bool is_printable = byte == '"' || byte == '\\';
  put(is_printable ? std::string_view(quoted, 2) : std::string_view(hex, 4));
  return 1;
}

}  // namespace weir::access_log
