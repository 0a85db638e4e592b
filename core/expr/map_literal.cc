#include "core/expr/map_literal.h"

#include <algorithm>
#include <new>

namespace weir::expr {
namespace {

bool hasKey(std::span<const Value> parts, std::string_view key) {
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    if (parts[i].text() == key) return true;
  }
  return false;
}

}  // namespace

Value MapLiteral::find(std::string_view key, std::uint32_t /*hint*/, Arena& /*arena*/) const {
  for (std::size_t i = 0; i < parts_.size(); i += 2) {
    if (parts_[i].text() == key) return parts_[i + 1];
  }
  return Value::missing();
}

Value makeMap(std::span<const Value> parts, Budget& budget) {
  budget.charge(parts.size_bytes() * parts.size() / 4);  // each key is compared with those before
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].isFault()) return parts[i];
    if (i % 2 != 0) continue;
    if (parts[i].kind() != Kind::kString) return Value::fault(Fault::kType);
    if (hasKey(parts.first(i), parts[i].text())) return Value::fault(Fault::kRepeated);
  }
  Value* const copies = budget.takeValues(parts.size());
  char* const room = budget.take(sizeof(MapLiteral), alignof(MapLiteral));
  if (copies == nullptr || room == nullptr) return Value::fault(Fault::kLimit);
  std::ranges::copy(parts, copies);
  return Value::map(*new (room) MapLiteral({copies, parts.size()}));
}

}  // namespace weir::expr
