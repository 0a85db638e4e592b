#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/value.h"

namespace weir::config {

struct SyntaxError {
  Position position;
  std::string what;
};

// The table that a TOML text describes; its positions refer to `file`. If the text is not valid
// TOML, the table is empty and `error` contains the reason.
struct ParsedToml {
  Value table;
  std::optional<SyntaxError> error;
};

ParsedToml parseToml(std::string_view text, std::uint32_t file);

}  // namespace weir::config
