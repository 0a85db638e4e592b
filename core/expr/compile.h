#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "core/expr/mistake.h"
#include "core/expr/program.h"
#include "core/expr/schema.h"

namespace weir::expr {

inline constexpr std::size_t kMaxExpressionBytes = 4096;
inline constexpr std::size_t kMaxExpressionNesting = 16;
inline constexpr std::size_t kMaxListElements = 100;  // of a list in an expression
inline constexpr std::size_t kMaxMapMembers = 50;     // of a map in an expression

// A program for an expression in weir's subset of CEL (docs/expressions.md) that may use the
// variables of the schema. Null, with `mistake` set, if it is not acceptable. With `result`, it
// must have that type.
std::shared_ptr<const Program> compile(std::string_view text, Schema schema,
                                       std::optional<Type> result, Mistake& mistake);

}  // namespace weir::expr
