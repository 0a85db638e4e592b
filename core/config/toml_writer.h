#pragma once

#include <string>
#include <string_view>

#include "core/config/value.h"

namespace weir::config {

// A document: `key = value` lines, then the tables as [sections]. `document` is a table.
std::string tomlText(const Value& document);

std::string inlineToml(const Value& value);  // on one line: `{ a = 1, b = ["x"] }`
std::string tomlKey(std::string_view key);   // quoted if necessary
std::string quotedToml(std::string_view text);

}  // namespace weir::config
