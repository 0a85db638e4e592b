#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/expr/schema.h"

namespace weir::expr {

inline std::uint32_t sampleHint(std::string_view key) {
  return static_cast<std::uint32_t>(key.size());
}

// Variables of every type.
inline const Variable kSampleSchema[] = {
    {"t", Kind::kBool, ""},
    {"f", Kind::kBool, ""},
    {"i", Kind::kInt, ""},
    {"j", Kind::kInt, ""},
    {"zero", Kind::kInt, ""},
    {"x", Kind::kDouble, ""},
    {"s", Kind::kString, ""},
    {"u", Kind::kString, ""},
    {"b", Kind::kBytes, ""},
    {"ints", {Kind::kList, Kind::kInt}, ""},
    {"strings", {Kind::kList, Kind::kString}, ""},
    {"headers", {Kind::kMap, Kind::kString}, "", false, sampleHint},
    {"header_values", {Kind::kMap, Kind::kList, Kind::kString}, "", true},
    {"duration_of", Kind::kDuration, ""},
    {"time_of", Kind::kTimestamp, ""},
    {"any.number", Kind::kDyn, ""},
    {"any.text", Kind::kDyn, ""},
    {"any.gone", Kind::kDyn, ""},
    {"gone", Kind::kString, ""},
};

class SampleMap final : public Map {
 public:
  std::map<std::string, Value, std::less<>> members;
  mutable std::uint32_t last_hint = 0;

  Value find(std::string_view key, std::uint32_t hint, Arena& /*arena*/) const override {
    last_hint = hint;
    const auto found = members.find(key);
    return found == members.end() ? Value::missing() : found->second;
  }
  std::size_t size() const override { return members.size(); }
};

class SampleFacts final : public Facts {
 public:
  SampleFacts() {
    headers.members = {{"host", Value::string("example.com")}, {"x-a", Value::string("bcd")}};
    header_values.members = {{"x-a", Value::list(strings_)}};
    const auto set = [this](std::string_view name, Value value) { values_[name] = value; };
    set("t", Value::boolean(true));
    set("f", Value::boolean(false));
    set("i", Value::integer(7));
    set("j", Value::integer(-3));
    set("zero", Value::integer(0));
    set("x", Value::number(2.5));
    set("s", Value::string("Hello"));
    set("u", Value::string("h\xC3\xA9llo"));
    set("b", Value::bytes("ab"));
    set("ints", Value::list(ints_));
    set("strings", Value::list(strings_));
    set("headers", Value::map(headers));
    set("header_values", Value::map(header_values));
    set("duration_of", Value::duration(Nanoseconds(1'500'000'000)));
    set("time_of", Value::timestamp(Nanoseconds(1'700'000'000'000'000'000)));
    set("any.number", Value::integer(7));
    set("any.text", Value::string("Hello"));
  }

  void change(std::string_view name, Value value) { values_[name] = value; }

  Value read(std::size_t index, Arena& /*arena*/) const override {
    const auto found = values_.find(kSampleSchema[index].name);
    return found == values_.end() ? Value::missing() : found->second;
  }

  SampleMap headers;
  SampleMap header_values;

 private:
  std::vector<Value> ints_ = {Value::integer(1), Value::integer(2), Value::integer(3)};
  std::vector<Value> strings_ = {Value::string("a"), Value::string("b")};
  std::map<std::string_view, Value> values_;
};

// A value as text, for comparisons in tests: 7, 2.5, "text", b"bytes", [1, 2], error(...).
inline std::string shown(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.isTrue() ? "true" : "false";
    case Kind::kInt:
      return std::to_string(value.integer());
    case Kind::kDouble: {
      std::string text = std::to_string(value.number());
      while (text.find('.') != std::string::npos && text.back() == '0') text.pop_back();
      return text.back() == '.' ? text + "0" : text;
    }
    case Kind::kString:
      return "\"" + std::string(value.text()) + "\"";
    case Kind::kBytes:
      return "b\"" + std::string(value.text()) + "\"";
    case Kind::kDuration:
      return "duration " + std::to_string(value.integer());
    case Kind::kTimestamp:
      return "timestamp " + std::to_string(value.integer());
    case Kind::kList: {
      std::string text = "[";
      for (const Value& item : value.items()) text += (text == "[" ? "" : ", ") + shown(item);
      return text + "]";
    }
    case Kind::kMap:
      return "map";
    case Kind::kDyn:
      break;
    case Kind::kFault:
      return "error(" + std::string(textOf(value.fault())) + ")";
  }
  return "?";
}

}  // namespace weir::expr
