#pragma once

#include <string>
#include <string_view>

#include "core/config/type.h"

namespace weir::config {

// JSON Schema (draft-07, which TOML editors support) of a document whose top level is `root`.
// Deterministic.
std::string jsonSchema(const Type& root, std::string_view title);

}  // namespace weir::config
