#pragma once

#include <string>

#include "core/config/type.h"

namespace weir::config {

// Markdown: a section per table, in which each field has a row with its type, default, range and
// meaning. The same text each time.
std::string fieldReference(const Type& root);

}  // namespace weir::config
