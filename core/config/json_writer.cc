#include "core/config/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

namespace weir::config {
namespace {

void appendEscaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kHex[byte >> 4U];
  out += kHex[byte & 15U];
}

}  // namespace

std::string quotedJson(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) appendEscaped(out, c);
  return out + "\"";
}

void JsonWriter::key(std::string_view name) {
  beginItem();
  out_ += quotedJson(name) + ": ";
  after_key_ = true;
}

void JsonWriter::text(std::string_view value) {
  beginItem();
  out_ += quotedJson(value);
}

void JsonWriter::boolean(bool value) {
  beginItem();
  out_ += value ? "true" : "false";
}

void JsonWriter::integer(std::int64_t value) {
  beginItem();
  out_ += std::to_string(value);
}

void JsonWriter::number(double value) {
  beginItem();
  if (!std::isfinite(value)) {  // JSON cannot express it
    out_ += "null";
    return;
  }
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out_.append(digits.data(), end);
}

void JsonWriter::value(const Value& value) {
  if (const auto* flag = value.as<bool>()) return boolean(*flag);
  if (const auto* whole = value.as<std::int64_t>()) return integer(*whole);
  if (const auto* real = value.as<double>()) return number(*real);
  if (const auto* words = value.as<std::string>()) return text(*words);
  if (const auto* array = value.as<Value::Array>()) {
    beginArray();
    for (const Value& element : *array) this->value(element);
    return endArray();
  }
  if (const auto* table = value.as<Value::Table>()) {
    beginObject();
    for (const Member& member : *table) {
      key(member.key);
      this->value(member.value);
    }
    return endObject();
  }
  beginItem();
  out_ += "null";
}

void JsonWriter::open(char bracket) {
  beginItem();
  out_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) newLine();
  out_ += bracket;
  first_ = false;
}

void JsonWriter::beginItem() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!first_) out_ += ",";
  first_ = false;
  newLine();
}

void JsonWriter::newLine() {
  out_ += "\n";
  out_.append(2 * depth_, ' ');
}

std::string jsonText(const Value& value) {
  JsonWriter json;
  json.value(value);
  return json.result();
}

}  // namespace weir::config
