#pragma once

#include <string>
#include <string_view>

#include "core/route/route.h"

namespace weir::route {

// Adds what a word of retry.on stands for: "reset", "503", "5xx" ... False, with a word that may
// have been meant, for what is none.
bool addRetryWord(std::string_view word, RetryPolicy& policy, std::string& suggestion);

}  // namespace weir::route
