#include "core/config/value.h"

#include <algorithm>

namespace weir::config {

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
