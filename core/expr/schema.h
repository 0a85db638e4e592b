#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/expr/type.h"
#include "core/expr/value.h"

namespace weir::expr {

// A name that an expression may use.
struct Variable {
  std::string_view name;  // dotted: "request.method"
  Type type;
  std::string_view meaning;  // for the documentation: "Method of the request."
  // A map that is written as a function: request.header_values("accept").
  bool function = false;
  // Computes from a key that is written in the expression, such as the name of a header, what
  // Map::find() then gets as its hint. May be null.
  std::uint32_t (*hint)(std::string_view key) = nullptr;
};

// The variables of one place in which expressions are written. The variable's index is its number.
// The owner keeps the table alive as long as the expressions.
using Schema = std::span<const Variable>;

// The values of the variables during one evaluation.
class Facts {
 public:
  virtual ~Facts() = default;
  // The value of the schema's variable `index`, of its type, or Value::missing().
  virtual Value read(std::size_t index, Arena& arena) const = 0;
};

}  // namespace weir::expr
