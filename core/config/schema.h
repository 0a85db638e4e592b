#pragma once

#include <string>
#include <string_view>

#include "core/config/type.h"

namespace weir::config {

// JSON Schema (draft-07, which editors for TOML understand) of a table. The same text each time.
std::string jsonSchema(const Type& root, std::string_view title);

// Markdown: a section per table, a row per field with type, default, range and meaning.
std::string fieldReference(const Type& root);

}  // namespace weir::config
