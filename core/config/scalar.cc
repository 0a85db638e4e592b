#include "core/config/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "core/base/number.h"
#include "core/config/document.h"
#include "core/config/file_text.h"
#include "core/config/suggestion.h"

namespace weir::config {
namespace {

constexpr std::string_view kSecretForms = "a string, { file = \"...\" } or { env = \"...\" }";

std::string oneOf(const std::vector<std::string_view>& words) {
  if (words.size() == 1) return quotedText(words.front());
  std::string text;
  for (const std::string_view word : words) {
    text += text.empty() ? "one of " : ", ";
    text += quotedText(word);
  }
  return text;
}

// "1 to 5", "at least 1", "at most 5" or empty.
std::string between(const std::string& min, const std::string& max) {
  if (!min.empty() && !max.empty()) return min + " to " + max;
  if (!min.empty()) return "at least " + min;
  return max.empty() ? std::string() : "at most " + max;
}

std::string sizeText(const Limits& limits, std::string_view unit) {
  const bool has_max = limits.max_size != Limits().max_size;
  if (limits.min_size == 1 && !has_max) return "not empty";
  const std::string text = between(limits.min_size == 0 ? "" : std::to_string(limits.min_size),
                                   has_max ? std::to_string(limits.max_size) : "");
  return text.empty() ? text : text + " " + std::string(unit);
}

void setSizes(Type& type, const Limits& limits) {
  if (limits.min_size > 0) type.min_size = limits.min_size;
  if (limits.max_size != Limits().max_size) type.max_size = limits.max_size;
}

std::optional<double> valueOf(const std::optional<Bound>& bound) {
  return bound ? std::optional(bound->value()) : std::nullopt;
}

Type oneKeyTable(std::string_view key, std::string_view meaning) {
  Type table{.kind = Type::Kind::kTable};
  TableType fields;
  fields.fields.push_back({std::string(key), std::string(meaning),
                           Type{.kind = Type::Kind::kText, .name = "string"}, Value(), true});
  table.table = std::make_shared<const TableType>(std::move(fields));
  return table;
}

bool readSecretFile(const Entry& entry, const std::string& given, Secret& out) {
  Document& document = entry.reading().document;
  const std::string path = pathBeside(document.location(entry.value().position()).file, given);
  document.noteFile(path);
  FileText file = readFileText(path);
  if (!file.error.empty()) return entry.fail("cannot read " + path + ": " + file.error);
  if (file.text.ends_with('\n')) file.text.pop_back();
  if (file.text.ends_with('\r')) file.text.pop_back();
  out = Secret(Secret::Source::kFile, given, std::move(file.text));
  return true;
}

bool readSecretVariable(const Entry& entry, const std::string& name, Secret& out) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return entry.fail("no such environment variable: " + quotedText(name));
  out = Secret(Secret::Source::kEnvironment, name, value);
  return true;
}

// The text of a value that contained "${env.NAME}", which may stand for a value of any type; else
// empty.
std::string_view environmentText(const Entry& entry) {
  const auto* from = entry.reading().document.fromEnvironment(entry.value().position());
  return from == nullptr ? std::string_view() : std::string_view{from->text};
}

std::optional<double> parseDecimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool readBoolean(const Entry& entry, bool& out) {
  const auto* value = entry.value().as<bool>();
  if (value == nullptr) {
    const std::string_view text = environmentText(entry);
    if (text != "true" && text != "false") return entry.failKind("true or false");
    out = text == "true";
    return true;
  }
  out = *value;
  return true;
}

std::optional<std::int64_t> readInteger(const Entry& entry, IntegerRange range,
                                        const Limits& limits) {
  std::optional<std::int64_t> value;
  if (const auto* number = entry.value().as<std::int64_t>()) {
    value = *number;
  } else {
    value = parseNumber<std::int64_t>(environmentText(entry));
  }
  if (!value) {
    entry.failKind("an integer");
    return std::nullopt;
  }
  Limits all = limits;
  if (!all.min && *value < range.lowest) all.min = range.lowest;
  if (!all.max && *value > range.highest) all.max = range.highest;
  if (!checkAmount(entry, static_cast<double>(*value), all, decimalText)) return std::nullopt;
  return *value;
}

bool readNumber(const Entry& entry, double& out, const Limits& limits) {
  std::optional<double> value = numberOf(entry.value());
  if (!value) value = parseDecimal(environmentText(entry));
  if (!value) return entry.failKind("a number");
  if (!std::isfinite(*value)) return entry.fail("must be finite");
  if (!checkAmount(entry, *value, limits, decimalText)) return false;
  out = *value;
  return true;
}

bool readText(const Entry& entry, std::string& out, const Limits& limits) {
  const auto* value = entry.value().as<std::string>();
  if (value == nullptr) return entry.failKind("a string");
  if (!checkSize(entry, value->size(), limits, "bytes")) return false;
  out = *value;
  return true;
}

bool readSecret(const Entry& entry, Secret& out) {
  if (const auto* text = entry.value().as<std::string>()) {
    const auto* from = entry.reading().document.fromEnvironment(entry.value().position());
    const bool whole = from != nullptr && !from->variable.empty();
    out = whole ? Secret(Secret::Source::kEnvironment, from->variable, *text)
                : Secret(Secret::Source::kInline, {}, *text);
    return true;
  }
  const auto* table = entry.value().as<Value::Table>();
  if (table == nullptr || table->size() != 1) return entry.failKind(kSecretForms);
  const Member& member = table->front();
  const auto* from = member.value.as<std::string>();
  if (from == nullptr) return entry.member(member).failKind("a string");
  if (member.key == "file") return readSecretFile(entry.member(member), *from, out);
  if (member.key == "env") return readSecretVariable(entry.member(member), *from, out);
  return entry.failKind(kSecretForms);
}

bool readWatchedFile(const Entry& entry, WatchedFile& out) {
  const auto* path = entry.value().as<std::string>();
  if (path == nullptr || path->empty()) return entry.failKind("the path of a file");
  const Document& document = entry.reading().document;
  out.path = pathBeside(document.location(entry.value().position()).file, *path);
  return true;
}

bool readFile(const Entry& entry, File& out) {
  WatchedFile file;
  if (!readWatchedFile(entry, file)) return false;
  out.path = std::move(file.path);
  entry.reading().document.noteFile(out.path);
  return true;
}

std::optional<std::size_t> readWord(const Entry& entry,
                                    const std::vector<std::string_view>& words) {
  const auto* word = entry.value().as<std::string>();
  if (word == nullptr) {
    entry.failKind(oneOf(words));
    return std::nullopt;
  }
  const auto found = std::ranges::find(words, *word);
  if (found == words.end()) {
    entry.failKind(oneOf(words), closestWord(*word, words));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - words.begin());
}

bool checkAmount(const Entry& entry, double amount, const Limits& limits, AmountText text) {
  if (limits.min && amount < limits.min->value()) {
    return entry.fail(text(amount) + " is below the minimum of " + text(limits.min->value()));
  }
  if (limits.max && amount > limits.max->value()) {
    return entry.fail(text(amount) + " is above the maximum of " + text(limits.max->value()));
  }
  return true;
}

bool checkSize(const Entry& entry, std::size_t size, const Limits& limits, std::string_view unit) {
  if (size >= limits.min_size && size <= limits.max_size) return true;
  if (size == 0) return entry.fail("must not be empty");
  return entry.fail("has " + std::to_string(size) + " " + std::string(unit) +
                    ", allowed: " + sizeText(limits, unit));
}

Type integerType(IntegerRange range, const Limits& limits) {
  constexpr std::int64_t kWide = 1'000'000'000;  // limits of wide types are not worth mentioning
  Limits all = limits;
  if (!all.min && range.lowest > -kWide) all.min = range.lowest;
  if (!all.max && range.highest < kWide) all.max = range.highest;
  return {.kind = Type::Kind::kInteger,
          .name = "integer",
          .range = rangeText(all, decimalText),
          .min = valueOf(all.min),
          .max = valueOf(all.max)};
}

Type numberType(const Limits& limits) {
  return {.kind = Type::Kind::kNumber,
          .name = "number",
          .range = rangeText(limits, decimalText),
          .min = valueOf(limits.min),
          .max = valueOf(limits.max)};
}

Type textType(const Limits& limits) {
  Type type{.kind = Type::Kind::kText, .name = "string", .range = sizeText(limits, "bytes")};
  setSizes(type, limits);
  return type;
}

Type secretType() {
  Type type{.kind = Type::Kind::kAnyOf, .name = "secret"};
  type.of.push_back({.kind = Type::Kind::kText, .name = "string"});
  type.of.push_back(oneKeyTable("file", "The file that holds it."));
  type.of.push_back(oneKeyTable("env", "The environment variable that holds it."));
  return type;
}

Type patternType(std::string_view name, std::string_view pattern) {
  return {.kind = Type::Kind::kText, .name = std::string(name), .pattern = std::string(pattern)};
}

Type amountType(Type text, std::string_view range, bool any_number) {
  Type number{.kind = Type::Kind::kNumber, .name = "number", .min = 0};
  if (!any_number) number.max = 0;
  Type type{.kind = Type::Kind::kAnyOf, .name = text.name, .range = std::string(range)};
  type.of.push_back(std::move(text));
  type.of.push_back(std::move(number));
  return type;
}

Type wordType(const std::vector<std::string_view>& words) {
  Type type{.kind = Type::Kind::kText, .name = "string", .range = oneOf(words)};
  type.words.assign(words.begin(), words.end());
  return type;
}

Type containerType(Type::Kind kind, Type element, const Limits& limits) {
  const std::string size = sizeText(limits, kind == Type::Kind::kArray ? "elements" : "keys");
  Type type{.kind = kind, .range = element.range};
  if (!type.range.empty() && !size.empty()) type.range += "; ";
  type.range += size;
  setSizes(type, limits);
  type.of.push_back(std::move(element));
  return type;
}

std::string rangeText(const Limits& limits, AmountText text) {
  return between(limits.min ? text(limits.min->value()) : std::string(),
                 limits.max ? text(limits.max->value()) : std::string());
}

Value secretValue(const Secret& secret) {
  switch (secret.source()) {
    case Secret::Source::kNone:
      return {};
    case Secret::Source::kInline:
      return Value(std::string("***"));
    case Secret::Source::kFile:
      return Value(Value::Table{{"file", Value(secret.origin()), {}, true}});
    case Secret::Source::kEnvironment:
      return Value(Value::Table{{"env", Value(secret.origin()), {}, true}});
  }
  return {};
}

Type orWord(Type type, std::string_view none) {
  if (none.empty()) return type;
  Type either{.kind = Type::Kind::kAnyOf, .range = type.range};
  if (!type.name.empty()) either.name = type.name + " or " + quotedText(none);
  either.of.push_back(std::move(type));
  either.of.push_back(wordType({none}));
  return either;
}

bool isWord(const Value& value, std::string_view none) {
  const auto* word = value.as<std::string>();
  return !none.empty() && word != nullptr && *word == none;
}

std::optional<double> numberOf(const Value& value) {
  if (const auto* whole = value.as<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* real = value.as<double>()) return *real;
  return std::nullopt;
}

std::string plainText(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  const std::optional<double> number = numberOf(value);
  return number && std::isfinite(*number) ? decimalText(*number) : std::string();
}

}  // namespace weir::config
