#include "core/expr/type.h"

namespace weir::expr {

std::string_view nameOf(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kDuration:
      return "duration";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kList:
      return "list";
    case Kind::kMap:
      return "map";
    case Kind::kDyn:
      return "dyn";
    case Kind::kFault:
      return "error";
  }
  return "";
}

Type Type::element() const {
  Type inner;
  for (std::size_t i = 1; i < kMaxNesting; ++i) inner.kinds_[i - 1] = kinds_[i];
  return inner;
}

Type Type::of(Kind container, const Type& element) {
  Type type(container);
  for (std::size_t i = 1; i < kMaxNesting; ++i) type.kinds_[i] = element.kinds_[i - 1];
  return type;
}

Type Type::listOf(const Type& element) { return of(Kind::kList, element); }

Type Type::mapOf(const Type& element) { return of(Kind::kMap, element); }

std::string Type::text() const {
  std::string text;
  std::size_t depth = 0;
  while (depth + 1 < kMaxNesting && (kinds_[depth] == Kind::kList || kinds_[depth] == Kind::kMap)) {
    text += std::string(nameOf(kinds_[depth++])) + "(";
  }
  return text + std::string(nameOf(kinds_[depth])) + std::string(depth, ')');
}

bool fits(const Type& left, const Type& right) {
  if (left.isDyn() || right.isDyn()) return true;
  if (left.kind() != right.kind()) return false;
  const bool contains = left.kind() == Kind::kList || left.kind() == Kind::kMap;
  return !contains || fits(left.element(), right.element());
}

}  // namespace weir::expr
