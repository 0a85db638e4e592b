#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/expr/mistake.h"

namespace weir::expr {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kName, kInteger, kNumber, kString, kBytes, kSymbol };

  Kind kind = Kind::kEnd;
  std::size_t offset = 0;      // in the expression
  std::string_view text = {};  // as written
  std::uint64_t integer = 0;   // without sign
  double number = 0;
  std::string decoded = {};  // of a string or bytes

  bool is(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
};

// Divides an expression into tokens. Blanks and comments ("// ...") are skipped.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // False, with `mistake` set, if the next characters are not a token.
  bool next(Token& token, Mistake& mistake);

 private:
  struct Quote {
    std::string_view mark;  // one or three quotation marks
    bool raw = false;       // r"...": a backslash is a character like others
    bool bytes = false;     // b"..."
  };

  void skipBlanks();
  bool startsString() const;
  bool readNumber(Token& token, Mistake& mistake);
  void skipDigits();
  static bool convertNumber(std::string_view digits, Token& token, Mistake& mistake);
  bool readHexadecimal(Token& token, Mistake& mistake);
  bool readString(Token& token, Mistake& mistake);
  Quote readQuote();
  bool readEscape(const Quote& quote, std::string& to, Mistake& mistake);
  bool readCodeAfter(char letter, bool bytes, std::uint32_t& code);
  bool readCode(std::size_t digits, int base, std::uint32_t& code);
  bool readSymbol(Token& token, Mistake& mistake);
  std::string_view rest() const { return text_.substr(at_); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace weir::expr
