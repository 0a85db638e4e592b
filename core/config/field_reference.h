#pragma once

#include <string>

#include "core/config/type.h"

namespace weir::config {

// Markdown: one section per table, with a row for the type, default, range and meaning of each
// field. Deterministic.
std::string fieldReference(const Type& root);

}  // namespace weir::config
