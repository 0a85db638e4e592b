#pragma once

#include <cstddef>
#include <string_view>

#include "core/config/value.h"

namespace weir::config {

// The position of a byte of a TOML string's value, for a mistake within the string. `text` is the
// whole document and `start` the position of the string in it. `offset` counts the bytes of the
// value: escape sequences, and line ends that are not part of it, are followed.
Position positionInString(std::string_view text, const Position& start, std::size_t offset);

}  // namespace weir::config
