#pragma once

#include <optional>
#include <string_view>

#include "core/base/arena.h"

namespace weir::route {

// The value of the first parameter of that name, as sent. Names are compared decoded. Nothing when
// there is no such parameter, empty when it has no value.
std::optional<std::string_view> findQueryParameter(std::string_view query, std::string_view name);

// Percent escapes and "+" decoded; what is not an escape stays. The text itself when there are
// none, else in the arena.
std::string_view decodeQueryText(std::string_view text, Arena& arena);

}  // namespace weir::route
