#include "core/http/h1/chunk_reader.h"

#include <algorithm>

#include "core/http/syntax.h"

namespace weir::http::h1 {
namespace {

bool isBlank(char c) { return c == ' ' || c == '\t'; }

int digitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// RFC 9110, 5.6.4: bytes allowed within quotes, also after a backslash.
bool isTextByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

}  // namespace

ChunkReader::Event ChunkReader::next(Bytes& input) {
  while (!input.empty()) {
    if (state_ == State::kData) {
      const std::size_t now = std::min<std::uint64_t>(remaining_, input.size());
      data_ = input.first(now);
      input = input.subspan(now);
      remaining_ -= now;
      if (remaining_ == 0) state_ = State::kDataReturn;
      return Event::kData;
    }
    if (state_ == State::kLast) return Event::kLast;
    if (state_ == State::kFailed || !take(input[0])) return Event::kFailed;
    input = input.subspan(1);
  }
  return state_ == State::kLast ? Event::kLast : Event::kNeedMore;
}

bool ChunkReader::take(char c) {
  switch (state_) {
    case State::kSize:
      remaining_ = 0;
      return digitOf(c) >= 0 ? takeDigit(c) : fail("chunk without a size");
    case State::kDigits:
      return digitOf(c) >= 0 ? takeDigit(c) : takeAfter(c, State::kBlank);
    case State::kLineFeed:
      if (c != '\n') return fail("no LF after a chunk's size");
      return goTo(remaining_ == 0 ? State::kLast : State::kData);
    case State::kDataReturn:
      return c == '\r' ? goTo(State::kDataFeed) : fail("no CR after a chunk");
    case State::kDataFeed:
      return c == '\n' ? goTo(State::kSize) : fail("no LF after a chunk");
    default:
      ++extension_bytes_;
      return takeInExtension(c);
  }
}

bool ChunkReader::takeDigit(char c) {
  if (remaining_ >> 60 != 0) return fail("chunk too large");
  remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digitOf(c));
  return goTo(State::kDigits);
}

bool ChunkReader::takeInExtension(char c) {
  switch (state_) {
    case State::kNameStart:
      return isBlank(c) || takeNameStart(c);
    case State::kName:
      return isTokenByte(c) || takeAfterName(c);
    case State::kNameBlank:
      // White space may precede a semicolon or an equals sign, not the end of the line.
      return c == '\r' ? fail("malformed chunk extension") : takeAfterName(c);
    case State::kValueStart:
      return isBlank(c) || takeValueStart(c);
    case State::kToken:
      return isTokenByte(c) || takeAfter(c, State::kBlank);
    case State::kBlank:
      return c == '\r' ? fail("malformed chunk extension") : takeAfter(c, State::kBlank);
    case State::kQuotedEnd:
      return takeAfter(c, State::kBlank);
    default:
      return takeQuoted(c);
  }
}

bool ChunkReader::takeNameStart(char c) {
  return isTokenByte(c) ? goTo(State::kName) : fail("chunk extension without a name");
}

bool ChunkReader::takeAfterName(char c) {
  return c == '=' ? goTo(State::kValueStart) : takeAfter(c, State::kNameBlank);
}

bool ChunkReader::takeValueStart(char c) {
  if (c == '"') return goTo(State::kQuoted);
  return isTokenByte(c) ? goTo(State::kToken) : fail("chunk extension without a value");
}

bool ChunkReader::takeQuoted(char c) {
  if (!isTextByte(c)) return fail("control byte in a chunk extension");
  if (state_ == State::kEscaped) return goTo(State::kQuoted);
  if (c == '\\') return goTo(State::kEscaped);
  return c == '"' ? goTo(State::kQuotedEnd) : true;
}

// Bytes allowed after a size, a name or a value.
bool ChunkReader::takeAfter(char c, State blank) {
  if (c == '\r') return goTo(State::kLineFeed);
  if (c == ';') return goTo(State::kNameStart);
  return isBlank(c) ? goTo(blank) : fail("malformed chunk size");
}

bool ChunkReader::fail(std::string_view fault) {
  fault_ = fault;
  state_ = State::kFailed;
  return false;
}

}  // namespace weir::http::h1
