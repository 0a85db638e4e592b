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

// The table that a TOML text describes; the positions in it name `file`. Where the text is no TOML
// the table is empty and `error` says why.
struct ParsedToml {
  Value table;
  std::optional<SyntaxError> error;
};

ParsedToml parseToml(std::string_view text, std::uint32_t file);

}  // namespace weir::config
