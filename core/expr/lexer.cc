#include "core/expr/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/base/number.h"

namespace weir::expr {
namespace {

constexpr std::string_view kSymbols[] = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                         "+",  "-",  "*",  "/",  "%",  "!",  "?", ":",
                                         "(",  ")",  "[",  "]",  "{",  "}",  ".", ","};
constexpr std::uint32_t kMaxCode = 0x10FFFF;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isHexadecimal(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

void appendUtf8(std::uint32_t code, std::string& to) {
  const auto add = [&to](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    add(0xE0U | (code >> 12U));
    add(0x80U | ((code >> 6U) & 0x3FU));
  } else {
    add(0xF0U | (code >> 18U));
    add(0x80U | ((code >> 12U) & 0x3FU));
    add(0x80U | ((code >> 6U) & 0x3FU));
  }
  add(0x80U | (code & 0x3FU));
}

// The character that a backslash and `c` stand for.
std::optional<char> simpleEscape(char c) {
  constexpr std::string_view kLetters = "abfnrtv\\?\"'`";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
  const std::size_t at = kLetters.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(kMeanings[at]);
}

bool failToken(Mistake& mistake, std::size_t offset, std::string what) {
  mistake = {offset, std::move(what), {}};
  return false;
}

}  // namespace

bool Lexer::next(Token& token, Mistake& mistake) {
  skipBlanks();
  token = Token();
  token.offset = at_;
  if (at_ == text_.size()) return true;
  bool good = true;
  if (startsString()) {
    good = readString(token, mistake);
  } else if (isLetter(peek())) {
    token.kind = Token::Kind::kName;
    while (isLetter(peek()) || isDigit(peek())) ++at_;
  } else if (isDigit(peek()) || (peek() == '.' && isDigit(peek(1)))) {
    good = readNumber(token, mistake);
  } else {
    good = readSymbol(token, mistake);
  }
  token.text = text_.substr(token.offset, at_ - token.offset);
  return good;
}

void Lexer::skipBlanks() {
  while (at_ < text_.size()) {
    if (rest().starts_with("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (std::string_view(" \t\r\n\f").find(peek()) != std::string_view::npos) {
      ++at_;
    } else {
      return;
    }
  }
}

// A quotation mark, perhaps after r, b, or both.
bool Lexer::startsString() const {
  std::size_t ahead = 0;
  while (ahead < 2 && std::string_view("rRbB").find(peek(ahead)) != std::string_view::npos) ++ahead;
  return peek(ahead) == '"' || peek(ahead) == '\'';
}

bool Lexer::readNumber(Token& token, Mistake& mistake) {
  const std::size_t start = at_;
  if (rest().starts_with("0x") || rest().starts_with("0X")) return readHexadecimal(token, mistake);
  token.kind = Token::Kind::kInteger;
  skipDigits();
  if (peek() == '.' && isDigit(peek(1))) {
    token.kind = Token::Kind::kNumber;
    ++at_;
    skipDigits();
  }
  if (peek() == 'e' || peek() == 'E') {
    token.kind = Token::Kind::kNumber;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (!isDigit(peek())) return failToken(mistake, start, "an exponent needs digits");
    skipDigits();
  }
  if (isLetter(peek())) {
    return failToken(mistake, at_, "a number cannot be followed by a letter");
  }
  return convertNumber(text_.substr(start, at_ - start), token, mistake);
}

void Lexer::skipDigits() {
  while (isDigit(peek())) ++at_;
}

bool Lexer::convertNumber(std::string_view digits, Token& token, Mistake& mistake) {
  if (token.kind == Token::Kind::kInteger) {
    const auto value = parseNumber<std::uint64_t>(digits);
    if (value) token.integer = *value;
    return value || failToken(mistake, token.offset, "an integer out of range");
  }
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), token.number);
  return error == std::errc() || failToken(mistake, token.offset, "a number out of range");
}

bool Lexer::readHexadecimal(Token& token, Mistake& mistake) {
  token.kind = Token::Kind::kInteger;
  const std::size_t start = at_;
  at_ += 2;
  const std::size_t digits = at_;
  while (isHexadecimal(peek())) ++at_;
  const auto value = parseNumber<std::uint64_t>(text_.substr(digits, at_ - digits), 16);
  if (value) token.integer = *value;
  if (isLetter(peek())) {
    return failToken(mistake, at_, "a number cannot be followed by a letter");
  }
  return value || failToken(mistake, start, "an integer out of range");
}

Lexer::Quote Lexer::readQuote() {
  Quote quote;
  for (; peek() != '"' && peek() != '\''; ++at_) {
    (peek() == 'r' || peek() == 'R' ? quote.raw : quote.bytes) = true;
  }
  const bool triple = rest().starts_with("\"\"\"") || rest().starts_with("'''");
  quote.mark = rest().substr(0, triple ? 3 : 1);
  at_ += quote.mark.size();
  return quote;
}

bool Lexer::readString(Token& token, Mistake& mistake) {
  const std::size_t start = at_;
  const Quote quote = readQuote();
  token.kind = quote.bytes ? Token::Kind::kBytes : Token::Kind::kString;
  while (at_ < text_.size()) {
    if (rest().starts_with(quote.mark)) {
      at_ += quote.mark.size();
      return true;
    }
    const char c = peek();
    if (quote.mark.size() == 1 && (c == '\n' || c == '\r')) break;
    if (c == '\\' && !quote.raw) {
      if (!readEscape(quote, token.decoded, mistake)) return false;
    } else {
      token.decoded += c;
      ++at_;
    }
  }
  return failToken(mistake, start, "a string without its closing quotation mark");
}

bool Lexer::readEscape(const Quote& quote, std::string& to, Mistake& mistake) {
  const std::size_t start = at_;
  const char letter = peek(1);
  if (const auto simple = simpleEscape(letter)) {
    to += *simple;
    at_ += 2;
    return true;
  }
  std::uint32_t code = 0;
  const bool good = readCodeAfter(letter, quote.bytes, code);
  if (!good || code > kMaxCode || (code >= 0xD800 && code < 0xE000)) {
    return failToken(mistake, start, "an unknown escape sequence; write \\\\ for a backslash");
  }
  if (quote.bytes) {
    to += static_cast<char>(code);
  } else {
    appendUtf8(code, to);
  }
  return true;
}

// "\\x41", "\\u00e9", "\\U0001F600" or "\\101".
bool Lexer::readCodeAfter(char letter, bool bytes, std::uint32_t& code) {
  at_ += isDigit(letter) ? 1 : 2;
  if (isDigit(letter)) return readCode(3, 8, code) && code <= 0xFF;
  if (letter == 'x' || letter == 'X') return readCode(2, 16, code);
  if (bytes) return false;
  return (letter == 'u' && readCode(4, 16, code)) || (letter == 'U' && readCode(8, 16, code));
}

bool Lexer::readCode(std::size_t digits, int base, std::uint32_t& code) {
  if (rest().size() < digits) return false;
  const auto value = parseNumber<std::uint32_t>(rest().substr(0, digits), base);
  if (!value) return false;
  code = *value;
  at_ += digits;
  return true;
}

bool Lexer::readSymbol(Token& token, Mistake& mistake) {
  token.kind = Token::Kind::kSymbol;
  const auto* const found =
      std::find_if(std::begin(kSymbols), std::end(kSymbols),
                   [this](std::string_view symbol) { return rest().starts_with(symbol); });
  if (found != std::end(kSymbols)) {
    at_ += found->size();
    return true;
  }
  const std::string_view likely = peek() == '=' ? "==" : peek() == '&' ? "&&" : "||";
  const bool known = peek() == '=' || peek() == '&' || peek() == '|';
  failToken(mistake, at_, "an unexpected character");
  if (known) mistake.suggestion = likely;
  return false;
}

}  // namespace weir::expr
