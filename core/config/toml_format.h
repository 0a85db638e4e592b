#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/toml_parser.h"

namespace weir::config {

struct FormattedToml {
  std::string text;
  std::optional<SyntaxError> error;  // of a text that is not valid TOML; `text` is empty then
};

// The text in the canonical layout: settings begin at the margin, with a blank line before each
// header and at most one elsewhere; lists that span lines have one element per line; comments at
// the ends of lines are aligned within a paragraph. Values, their spelling, their order and all
// comments remain. The result is formatted: formatting it again changes nothing.
FormattedToml formatToml(std::string_view text);

}  // namespace weir::config
