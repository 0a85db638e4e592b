#pragma once

#include "core/expr/operations.h"

namespace weir::expr {

// The operators on numbers, texts, durations and timestamps. `arguments` are two values, one for
// negate(). Whatever does not fit in 64 bits is Fault::kOverflow.
Value negate(const Value* arguments, Budget& budget);
Value add(const Value* arguments, Budget& budget);
Value subtract(const Value* arguments, Budget& budget);
Value multiply(const Value* arguments, Budget& budget);
Value divide(const Value* arguments, Budget& budget);
Value modulo(const Value* arguments, Budget& budget);

}  // namespace weir::expr
