#pragma once

#include <string>
#include <string_view>

#include "core/route/route.h"

namespace weir::route {

// Adds the meaning of a word in retry.on, such as "reset", "503" or "5xx". Returns false for an
// unknown word and suggests a similar one.
bool addRetryWord(std::string_view word, RetryPolicy& policy, std::string& suggestion);

}  // namespace weir::route
