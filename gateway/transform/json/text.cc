#include "gateway/transform/json/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/arena_writer.h"
#include "core/http/escapes.h"

namespace weir::gateway::json {
namespace {

constexpr std::uint32_t kFirstHighSurrogate = 0xD800;
constexpr std::uint32_t kFirstLowSurrogate = 0xDC00;
constexpr std::uint32_t kAfterSurrogates = 0xE000;
constexpr std::size_t kUnitDigits = 4;

// Removes digits from the front, and returns their number.
std::size_t takeDigits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  text.remove_prefix(count);
  return count;
}

// Removes one of these characters from the front.
bool takeAny(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The four digits of "\u1234"; false if they are not.
bool takeUnit(std::string_view& text, std::uint32_t& unit) {
  if (text.size() < kUnitDigits) return false;
  unit = 0;
  for (const char digit : text.substr(0, kUnitDigits)) {
    const int value = http::hexValue(digit);
    if (value < 0) return false;
    unit = unit * 16 + static_cast<std::uint32_t>(value);
  }
  text.remove_prefix(kUnitDigits);
  return true;
}

// The character after "\u", of one or two units.
bool takeCharacter(std::string_view& text, std::uint32_t& character) {
  if (!takeUnit(text, character)) return false;
  if (character < kFirstHighSurrogate || character >= kAfterSurrogates) return true;
  if (character >= kFirstLowSurrogate || !text.starts_with("\\u")) return false;
  text.remove_prefix(2);
  std::uint32_t low = 0;
  if (!takeUnit(text, low) || low < kFirstLowSurrogate || low >= kAfterSurrogates) return false;
  character = 0x10000 + ((character - kFirstHighSurrogate) << 10U) + (low - kFirstLowSurrogate);
  return true;
}

// What the letter after a backslash stands for; 0 if nothing.
char simpleEscape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

char byteOf(std::uint32_t bits) { return static_cast<char>(bits); }

void putUtf8(ArenaWriter& out, std::uint32_t character) {
  const auto tail = [&](unsigned shift) { return byteOf(0x80U | ((character >> shift) & 0x3FU)); };
  if (character < 0x80) {
    out.put(byteOf(character));
  } else if (character < 0x800) {
    out.put(byteOf(0xC0U | (character >> 6U))).put(tail(0));
  } else if (character < 0x10000) {
    out.put(byteOf(0xE0U | (character >> 12U))).put(tail(6)).put(tail(0));
  } else {
    out.put(byteOf(0xF0U | (character >> 18U))).put(tail(12)).put(tail(6)).put(tail(0));
  }
}

// Calls `plain` for the bytes between escapes, and `escape` for each character that is escaped.
// False if an escape is invalid.
template <typename Plain, typename Escape>
bool forEachPart(std::string_view inner, Plain plain, Escape escape) {
  while (!inner.empty()) {
    const std::size_t backslash = inner.find('\\');
    plain(inner.substr(0, backslash));
    if (backslash == std::string_view::npos) return true;
    inner.remove_prefix(backslash + 1);
    if (inner.empty()) return false;
    const char letter = inner.front();
    inner.remove_prefix(1);
    std::uint32_t character = static_cast<unsigned char>(simpleEscape(letter));
    if (character == 0 && (letter != 'u' || !takeCharacter(inner, character))) return false;
    escape(character);
  }
  return true;
}

}  // namespace

bool isNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = takeDigits(text);
  if (whole == 0 || (zero && whole > 1)) return false;
  if (takeAny(text, ".") && takeDigits(text) == 0) return false;
  if (takeAny(text, "eE")) {
    takeAny(text, "+-");
    if (takeDigits(text) == 0) return false;
  }
  return text.empty();
}

StringEnd endOfString(std::string_view text, std::size_t begin) {
  StringEnd end{.at = begin};
  while (end.at < text.size() && text[end.at] != '"') {
    const bool escape = text[end.at] == '\\';
    end.escaped = end.escaped || escape;
    end.at += escape ? 2 : 1;
  }
  end.at = std::min(end.at, text.size());
  return end;
}

bool isWellEscaped(std::string_view inner) {
  return forEachPart(
      inner, [](std::string_view) {}, [](std::uint32_t) {});
}

std::string_view unescaped(std::string_view inner, Arena& arena) {
  ArenaWriter out(arena, inner.size());  // an escape is longer than its character
  forEachPart(
      inner, [&](std::string_view text) { out.put(text); },
      [&](std::uint32_t character) { putUtf8(out, character); });
  return out.text();
}

void appendQuoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out.append("\\u00").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 0xFU]);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace weir::gateway::json
