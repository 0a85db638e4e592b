#include "core/config/text_position.h"

#include <algorithm>

#include "core/base/number.h"

namespace weir::config {
namespace {

bool continuesUtf8(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// A place in a document. Columns count characters, as those of the parser do.
class StringCursor {
 public:
  StringCursor(std::string_view text, const Position& start) : rest_(text), position_(start) {
    for (std::uint32_t line = 1; line < start.line; ++line) {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size() - 1) + 1);
    }
    for (std::uint32_t column = 1; column < start.column; ++column) dropCharacter();
  }

  const Position& position() const { return position_; }
  bool atEnd() const { return rest_.empty(); }
  // At a backslash that joins a line to the next text.
  bool atContinuation() const {
    return escapes_ && rest_.size() > 1 && rest_.front() == '\\' && isBlank(rest_[1]);
  }

  // After the opening quotation mark; false if there is none.
  bool enter() {
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
    escapes_ = rest_.front() == '"';
    const bool triple = rest_.starts_with("\"\"\"") || rest_.starts_with("'''");
    skip(triple ? 3 : 1);
    if (!triple) return true;
    if (rest_.starts_with("\r\n")) skip(1);
    if (rest_.starts_with('\n')) skip(1);
    return true;
  }

  // Passes one character or escape sequence, and returns the bytes it stands for.
  std::size_t pass() {
    if (!escapes_ || rest_.front() != '\\') return skip(1);
    const char letter = rest_.size() > 1 ? rest_[1] : '\0';
    if (letter == 'u' || letter == 'U') return passCode(letter == 'u' ? 4 : 8);
    if (letter == 'x') return passCode(2);
    if (!isBlank(letter)) {
      skip(2);
      return 1;
    }
    skip(1);  // a backslash at the end of a line: the blanks up to the next text do not count
    while (!rest_.empty() && isBlank(rest_.front())) skip(1);
    return 0;
  }

 private:
  static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  std::size_t passCode(std::size_t digits) {
    const auto code = parseNumber<std::uint32_t>(
        rest_.substr(std::min<std::size_t>(2, rest_.size()), digits), 16);
    skip(2 + digits);
    const std::uint32_t value = code.value_or(0);
    if (value < 0x80) return 1;
    if (value < 0x800) return 2;
    return value < 0x10000 ? 3 : 4;
  }

  // Passes characters and returns the number of their bytes.
  std::size_t skip(std::size_t characters) {
    std::size_t bytes = 0;
    for (; characters > 0 && !rest_.empty(); --characters) {
      const bool line_end = rest_.front() == '\n';
      bytes += dropCharacter();
      position_.line += line_end ? 1 : 0;
      position_.column = line_end ? 1 : position_.column + 1;
    }
    return bytes;
  }

  std::size_t dropCharacter() {
    if (rest_.empty()) return 0;
    std::size_t size = 1;
    while (size < rest_.size() && continuesUtf8(rest_[size])) ++size;
    rest_.remove_prefix(size);
    return size;
  }

  std::string_view rest_;
  Position position_;
  bool escapes_ = false;
};

}  // namespace

Position positionInString(std::string_view text, const Position& start, std::size_t offset) {
  if (text.empty() || start.line == 0) return start;
  StringCursor cursor(text, start);
  if (!cursor.enter()) return start;
  std::size_t passed = 0;
  while ((passed < offset || cursor.atContinuation()) && !cursor.atEnd()) passed += cursor.pass();
  return cursor.position();
}

}  // namespace weir::config
