#pragma once

#include <optional>
#include <string_view>

#include "core/expr/operations.h"

namespace weir::expr {

// "1h30m", "1.5s", "-250ms"; units h, m, s, ms, us and ns.
std::optional<Nanoseconds> parseExprDuration(std::string_view text);
// RFC 3339: "2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00+01:00".
std::optional<Nanoseconds> parseTimestamp(std::string_view text);

// The functions with the names of types. `arguments` is one value.
Value toInt(const Value* arguments, Budget& budget);
Value toDouble(const Value* arguments, Budget& budget);
Value toString(const Value* arguments, Budget& budget);
Value toBytes(const Value* arguments, Budget& budget);
Value toDuration(const Value* arguments, Budget& budget);
Value toTimestamp(const Value* arguments, Budget& budget);

}  // namespace weir::expr
