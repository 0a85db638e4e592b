#include "core/config/value.h"

#include <algorithm>
#include <functional>

namespace weir::config {
namespace {

std::size_t combined(std::size_t hash, std::size_t more) {
  return hash ^ (more + 0x9e3779b97f4a7c15U + (hash << 6U) + (hash >> 2U));
}

// The hash of a value's content, by the content's type.
struct ContentHash {
  template <typename T>
  std::size_t operator()(const T& content) const {
    return std::hash<T>()(content);
  }
  std::size_t operator()(const Moment&) const { return 0; }
  std::size_t operator()(const Value::Array& array) const {
    std::size_t hash = array.size();
    for (const Value& each : array) hash = combined(hash, hashOf(each));
    return hash;
  }
  std::size_t operator()(const Value::Table& table) const {
    std::size_t hash = table.size();
    for (const Member& member : table) {
      hash = combined(combined(hash, std::hash<std::string>()(member.key)), hashOf(member.value));
    }
    return hash;
  }
};

}  // namespace

std::size_t hashOf(const Value& value) {
  const auto kind = static_cast<std::size_t>(value.kind());
  return combined(kind, value.visit(ContentHash()));
}

const Value* Value::find(std::string_view key) const {
  const auto* table = as<Table>();
  if (table == nullptr) return nullptr;
  for (const Member& member : *table) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

bool Value::isArrayOfTables() const {
  const auto* array = as<Array>();
  return array != nullptr && std::ranges::all_of(*array, &Value::isTable);
}

std::string_view nameOf(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kNone:
      return "nothing";
    case Value::Kind::kBoolean:
      return "a boolean";
    case Value::Kind::kInteger:
      return "an integer";
    case Value::Kind::kNumber:
      return "a number";
    case Value::Kind::kText:
      return "a string";
    case Value::Kind::kMoment:
      return "a date or time";
    case Value::Kind::kArray:
      return "an array";
    case Value::Kind::kTable:
      return "a table";
  }
  return "nothing";
}

Value withoutDefaults(Value table, const Value& defaults) {
  auto* members = table.as<Value::Table>();
  if (members == nullptr) return table;
  std::erase_if(*members, [&defaults](Member& member) {
    const Value* usual = defaults.find(member.key);
    if (member.required || usual == nullptr) return false;
    if (member.value == *usual) return true;
    member.value = withoutDefaults(std::move(member.value), *usual);
    return false;
  });
  return table;
}

Value whole(Value table) {
  if (auto* members = table.as<Value::Table>()) {
    for (Member& member : *members) member.required = true;
  }
  return table;
}

Value shortened(Value table, std::string_view short_key) {
  auto* members = table.as<Value::Table>();
  if (members == nullptr || members->size() != 1) return table;
  Member& only = members->front();
  // A table in short form would be read as the long form.
  if (only.key != short_key || only.value.isTable()) return table;
  Value value = std::move(only.value);
  return value;
}

}  // namespace weir::config
