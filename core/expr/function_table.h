#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "core/expr/operations.h"
#include "core/expr/type.h"

namespace weir::expr {

// A set of kinds. Every set contains kDyn, whose values are checked at evaluation.
class Kinds {
 public:
  constexpr Kinds() = default;
  constexpr Kinds(std::initializer_list<Kind> kinds) {
    for (const Kind kind : kinds) bits_ |= bit(kind);
  }
  constexpr bool has(Kind kind) const { return kind == Kind::kDyn || (bits_ & bit(kind)) != 0; }

 private:
  static constexpr std::uint32_t bit(Kind kind) {
    return std::uint32_t{1} << static_cast<unsigned>(kind);
  }
  std::uint32_t bits_ = 0;
};

// A function, or one of several with the same name.
struct Function {
  std::string_view name;
  Op op;
  bool method;              // called as value.name(...), otherwise as name(value, ...)
  std::uint8_t parameters;  // one or two, including the value of a method
  Kinds first;
  Kinds second;
  Type result;
  std::string_view form;     // for documents: "text.contains(part)"
  std::string_view meaning;  // for documents
};

// All functions but the macros, for documents and suggestions.
std::span<const Function> functions();

// The type of an operator's result, given those of its operands. False if there is no such
// operator.
bool typeOfBinary(Op op, const Type& left, const Type& right, Type& result);
bool typeOfUnary(Op op, const Type& operand, Type& result);

}  // namespace weir::expr
