#include "core/config/toml_format.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace weir::config {
namespace {

constexpr std::size_t kLongestLine = 120;  // columns; a longer list gets one line per element
constexpr std::size_t kIndent = 2;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool isQuote(char c) { return c == '"' || c == '\''; }

// Code points in the last line of a text.
std::size_t columnsOf(std::string_view text) {
  const std::size_t start = text.rfind('\n');
  if (start != std::string_view::npos) text.remove_prefix(start + 1);
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// Reads the parts of a text that is valid TOML. Every loop ends with the text, whatever it is.
class TomlScanner {
 public:
  explicit TomlScanner(std::string_view text) : text_(text) {}

  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\n' : text_[at_]; }
  void skip() { ++at_; }
  void skipSpace() {
    while (!done() && isSpace(text_[at_])) ++at_;
  }
  // Skips spaces and, if it is there, the character behind them.
  void skipOver(char c) {
    skipSpace();
    if (!done() && text_[at_] == c) ++at_;
  }

  // The comment that begins here, without the end of its line.
  std::string takeComment() {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view comment = text_.substr(at_, end - at_);
    at_ = end;
    while (!comment.empty() && isSpace(comment.back())) comment.remove_suffix(1);
    return std::string(comment);
  }

  // A key or a scalar up to one of `ends`. Spaces around dots and quotes are left out; those within
  // a date remain.
  std::string takeWord(std::string_view ends) {
    std::string word;
    bool space = false;
    while (!done() && ends.find(text_[at_]) == std::string_view::npos) {
      const char c = text_[at_];
      if (isSpace(c)) {
        space = true;
        ++at_;
        continue;
      }
      if (space && !word.empty() && word.back() != '.' && c != '.') word += ' ';
      space = false;
      word += isQuote(c) ? takeString() : text_.substr(at_++, 1);
    }
    return word;
  }

  // Whether the brackets that open here close on a later line.
  bool spansLines() const {
    TomlScanner ahead = *this;
    std::size_t open = 0;
    do {
      const char c = ahead.peek();
      if (c == '\n' || c == '#') return true;
      if (isQuote(c)) {
        ahead.takeString();
        continue;
      }
      if (c == '[' || c == '{') ++open;
      if (c == ']' || c == '}') --open;
      ahead.skip();
    } while (open > 0);
    return false;
  }

 private:
  std::string_view takeString() {
    const char quote = text_[at_];
    const std::string three(3, quote);
    const bool long_form = text_.substr(at_).starts_with(three);
    const std::string_view close = text_.substr(at_, long_form ? 3 : 1);
    const std::size_t start = at_;
    at_ += close.size();
    while (!done() && !text_.substr(at_).starts_with(close)) {
      at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    }
    at_ += close.size();
    // A string may end with up to two quotes of its own.
    while (long_form && !done() && text_[at_] == quote) ++at_;
    at_ = std::min(at_, text_.size());
    return text_.substr(start, at_ - start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Writes values in canonical form.
class ValueFormatter {
 public:
  explicit ValueFormatter(TomlScanner& scanner) : scanner_(scanner) {}

  // `broken`: a list gets one line per element even if it fits into one.
  std::string take(std::size_t indent, bool broken = false) {
    scanner_.skipSpace();
    if (scanner_.peek() == '{') return takeTable(indent);
    if (scanner_.peek() != '[') return scanner_.takeWord(",]}#\n");
    if (broken || scanner_.spansLines()) return takeLines(indent);
    return takeLine(indent);
  }

 private:
  std::string takeTable(std::size_t indent) {
    std::string text = "{";
    scanner_.skip();
    for (scanner_.skipSpace(); !scanner_.done() && scanner_.peek() != '}'; scanner_.skipSpace()) {
      text += text.size() > 1 ? ", " : " ";
      text += scanner_.takeWord("=\n");
      scanner_.skipOver('=');
      text += " = " + take(indent);
      scanner_.skipOver(',');
    }
    scanner_.skip();
    return text.size() > 1 ? text + " }" : "{}";
  }

  std::string takeLine(std::size_t indent) {
    std::string text = "[";
    scanner_.skip();
    for (scanner_.skipSpace(); !scanner_.done() && scanner_.peek() != ']'; scanner_.skipSpace()) {
      if (text.size() > 1) text += ", ";
      text += take(indent);
      scanner_.skipOver(',');
    }
    scanner_.skip();
    return text + "]";
  }

  // One element per line, each with a comma and the comment that followed it.
  std::string takeLines(std::size_t indent) {
    const std::string margin = "\n" + std::string(indent + kIndent, ' ');
    std::string text = "[";
    std::size_t breaks = 0;  // since the last element or comment
    scanner_.skip();
    while (findElement(breaks)) {
      if (breaks > 1 && text.size() > 1) text += "\n";
      const bool comment = scanner_.peek() == '#';
      text += comment && breaks == 0 && text.size() > 1 ? "  " : margin;
      text += comment ? scanner_.takeComment() : take(indent + kIndent) + ",";
      breaks = 0;
    }
    scanner_.skip();
    return text.size() > 1 ? text + "\n" + std::string(indent, ' ') + "]" : "[]";
  }

  // Whether an element or comment of the list follows. Counts the line breaks before it.
  bool findElement(std::size_t& breaks) {
    for (scanner_.skipSpace(); !scanner_.done() && scanner_.peek() != ']'; scanner_.skipSpace()) {
      const char c = scanner_.peek();
      if (c != '\n' && c != ',') return true;
      if (c == '\n') ++breaks;
      scanner_.skip();
    }
    return false;
  }

  TomlScanner& scanner_;
};

struct FormattedLine {
  std::string code;  // empty: a line with only a comment
  std::string comment;
  bool header = false;
  bool blank_before = false;

  bool onlyComment() const { return code.empty(); }
  bool severalLines() const { return code.find('\n') != std::string::npos; }
  bool hasComment() const { return !onlyComment() && !comment.empty(); }
  // Whether this is the header of a table in that of `parent`.
  bool isWithin(const FormattedLine& parent) const {
    return parent.header && nameOf(*this).starts_with(std::string(nameOf(parent)) + ".");
  }

 private:
  static std::string_view nameOf(const FormattedLine& line) {
    const std::string_view code = line.code;
    const std::size_t start = code.find_first_not_of('[');
    return code.substr(start, code.find_last_not_of(']') + 1 - start);
  }
};

class TomlFormatter {
 public:
  explicit TomlFormatter(std::string_view text) : scanner_(text) {}

  std::string format() {
    readLines();
    separateHeaders();
    std::string text;
    for (std::size_t from = 0; from < lines_.size();) {
      const std::size_t to = endOfBlock(from);
      const std::size_t column = columnOfComments(from, to);
      for (; from < to; ++from) write(lines_[from], column, text);
    }
    return text;
  }

 private:
  std::size_t columnOfComments(std::size_t from, std::size_t to) const {
    std::size_t column = 0;
    for (; from < to; ++from) {
      const FormattedLine& line = lines_[from];
      if (line.hasComment()) column = std::max(column, columnsOf(line.code) + kIndent);
    }
    return column;
  }

  void readLines() {
    std::size_t breaks = 0;
    for (scanner_.skipSpace(); !scanner_.done(); scanner_.skipSpace()) {
      if (scanner_.peek() == '\n') {
        ++breaks;
        scanner_.skip();
        continue;
      }
      lines_.push_back(takeStatement());
      lines_.back().blank_before = breaks > 1 && lines_.size() > 1;
      breaks = 0;
    }
  }

  FormattedLine takeStatement() {
    FormattedLine line;
    line.header = scanner_.peek() == '[';
    if (line.header) line.code = takeHeader();
    if (!line.header && scanner_.peek() != '#') line.code = takeSetting();
    scanner_.skipSpace();
    if (scanner_.peek() == '#') line.comment = scanner_.takeComment();
    return line;
  }

  std::string takeHeader() {
    scanner_.skip();
    const bool element = scanner_.peek() == '[';
    if (element) scanner_.skip();
    const std::string name = scanner_.takeWord("]\n");
    scanner_.skip();
    if (element) scanner_.skipOver(']');
    return element ? "[[" + name + "]]" : "[" + name + "]";
  }

  std::string takeSetting() {
    const std::string key = scanner_.takeWord("=\n") + " = ";
    scanner_.skipOver('=');
    scanner_.skipSpace();
    const TomlScanner start = scanner_;
    std::string text = key + ValueFormatter(scanner_).take(0);
    const bool too_long = text.find('\n') == std::string::npos && columnsOf(text) > kLongestLine;
    if (!too_long || start.peek() != '[') return text;
    scanner_ = start;
    return key + ValueFormatter(scanner_).take(0, true);
  }

  // A header, or the comment directly above it, follows a blank line, except directly below the
  // header of the table that it is in.
  void separateHeaders() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!lines_[i].header || (i > 0 && lines_[i].isWithin(lines_[i - 1]))) continue;
      std::size_t first = i;
      while (first > 0 && !lines_[first].blank_before && lines_[first - 1].onlyComment()) --first;
      lines_[first].blank_before = first > 0;
    }
  }

  // The comments of a block are aligned: lines without a blank line or another break in between.
  std::size_t endOfBlock(std::size_t from) const {
    const auto breaks = [this](std::size_t i) {
      return lines_[i].onlyComment() || lines_[i].severalLines();
    };
    std::size_t to = from + 1;
    while (!breaks(from) && to < lines_.size() && !breaks(to) && !lines_[to].blank_before) ++to;
    return to;
  }

  static void write(const FormattedLine& line, std::size_t column, std::string& text) {
    if (line.blank_before) text += "\n";
    text += line.code;
    if (line.hasComment()) {
      text.append(column - columnsOf(line.code), ' ');
    }
    text += line.comment + "\n";
  }

  TomlScanner scanner_;
  std::vector<FormattedLine> lines_;
};

}  // namespace

FormattedToml formatToml(std::string_view text) {
  ParsedToml parsed = parseToml(text, 0);
  if (parsed.error) return {{}, std::move(parsed.error)};
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  FormattedToml formatted{TomlFormatter(text).format(), std::nullopt};
  const ParsedToml again = parseToml(formatted.text, 0);
  if (!again.error && again.table == parsed.table) return formatted;
  return {{}, SyntaxError{{}, "cannot be formatted without changing its meaning"}};
}

}  // namespace weir::config
