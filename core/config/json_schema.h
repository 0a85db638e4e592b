#pragma once

#include <string>
#include <string_view>

#include "core/config/type.h"

namespace weir::config {

// JSON Schema (draft-07, which editors for TOML understand) of a document whose top level is
// `root`. The same text each time.
std::string jsonSchema(const Type& root, std::string_view title);

}  // namespace weir::config
