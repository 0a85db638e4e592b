#pragma once

#include <string>

#include "core/config/value.h"

namespace weir::config {

// A document: `key = value` lines, then the tables as [sections]. `document` is a table.
std::string tomlText(const Value& document);

// On one line: `{ a = 1, b = ["x"] }`.
std::string inlineToml(const Value& value);

}  // namespace weir::config
