#include "core/config/toml_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/config/json_writer.h"

namespace weir::config {
namespace {

constexpr std::size_t kLineLength = 100;  // bytes; longer arrays get one line per element

// An empty array is written as a value, because sections cannot express it.
bool hasTables(const Value& value) {
  return value.isArrayOfTables() && !value.as<Value::Array>()->empty();
}

std::string numberToml(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  std::string text(digits.data(), end);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string inlineArray(const Value::Array& array) {
  std::string text = "[";
  for (const Value& element : array) {
    if (text.size() > 1) text += ", ";
    text += inlineToml(element);
  }
  return text + "]";
}

std::string inlineTable(const Value::Table& table) {
  if (table.empty()) return "{}";
  std::string text = "{";
  for (const Member& member : table) {
    text += text.size() > 1 ? ", " : " ";
    text += tomlKey(member.key) + " = " + inlineToml(member.value);
  }
  return text + " }";
}

std::string line(const Member& member) {
  std::string text = tomlKey(member.key) + " = " + inlineToml(member.value) + "\n";
  const auto* array = member.value.as<Value::Array>();
  if (array == nullptr || array->empty() || text.size() <= kLineLength) return text;
  text = tomlKey(member.key) + " = [\n";
  for (const Value& element : *array) text += "  " + inlineToml(element) + ",\n";
  return text + "]\n";
}

// Decides which members get a [header] of their own: all tables at the top level; one level below,
// those in a table that contains only tables ([upstream.NAME]); further down, those too long for
// one line.
class Sections {
 public:
  Sections(const Value::Table& table, std::size_t depth)
      : top_(depth == 0), group_(depth == 1 && std::ranges::all_of(table, [](const Member& member) {
                                   return member.value.isTable();
                                 })) {}

  bool has(const Member& member) const {
    if (hasTables(member.value)) return top_;
    if (!member.value.isTable()) return false;
    return top_ || group_ || line(member).size() > kLineLength;
  }

 private:
  const bool top_;
  const bool group_;
};

class Writer {
 public:
  void writeTable(const Value::Table& table, const std::string& name, std::size_t depth) {
    const Sections sections(table, depth);
    for (const Member& member : table) {
      if (member.value.given() && !sections.has(member)) out_ += line(member);
    }
    for (const Member& member : table) {
      if (sections.has(member)) writeSection(member, name, depth + 1);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void writeSection(const Member& member, const std::string& parent, std::size_t depth) {
    const std::string name =
        parent.empty() ? tomlKey(member.key) : parent + "." + tomlKey(member.key);
    if (const auto* table = member.value.as<Value::Table>()) {
      const Sections sections(*table, depth);
      const bool only_sections = std::ranges::all_of(
          *table, [&sections](const Member& inner) { return sections.has(inner); });
      if (table->empty() || !only_sections) header("[" + name + "]");
      return writeTable(*table, name, depth);
    }
    for (const Value& element : *member.value.as<Value::Array>()) {
      header("[[" + name + "]]");
      writeTable(*element.as<Value::Table>(), name, depth);
    }
  }
  void header(const std::string& text) {
    if (!out_.empty()) out_ += "\n";
    out_ += text + "\n";
  }

  std::string out_;
};

}  // namespace

std::string quotedToml(std::string_view text) {
  std::string quoted;
  for (const char c : quotedJson(text)) {  // TOML escapes like JSON, and also DEL
    if (c == '\x7F') {
      quoted += "\\u007f";
    } else {
      quoted += c;
    }
  }
  return quoted;
}

std::string tomlKey(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : quotedToml(key);
}

std::string inlineToml(const Value& value) {
  if (const auto* flag = value.as<bool>()) return *flag ? "true" : "false";
  if (const auto* whole = value.as<std::int64_t>()) return std::to_string(*whole);
  if (const auto* real = value.as<double>()) return numberToml(*real);
  if (const auto* text = value.as<std::string>()) return quotedToml(*text);
  if (const auto* array = value.as<Value::Array>()) return inlineArray(*array);
  if (const auto* table = value.as<Value::Table>()) return inlineTable(*table);
  return "\"\"";
}

std::string tomlText(const Value& document) {
  Writer writer;
  writer.writeTable(*document.as<Value::Table>(), "", 0);
  return writer.take();
}

}  // namespace weir::config
