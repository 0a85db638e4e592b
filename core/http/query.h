#pragma once

#include <optional>
#include <string_view>

#include "core/base/arena.h"

namespace weir::http {

// The value of the first parameter with that name, as sent. Names are compared decoded. Nothing if
// the parameter is missing, empty if it has no value.
std::optional<std::string_view> findQueryParameter(std::string_view query, std::string_view name);

// Decodes percent escapes and "+"; other bytes stay. Returns the text itself if it contains
// neither, else a copy in the arena.
std::string_view decodeQueryText(std::string_view text, Arena& arena);

}  // namespace weir::http
