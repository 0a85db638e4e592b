#pragma once

#include <string_view>

#include "core/config/value.h"

namespace weir::config {

// True if a header, cookie or parameter of that name holds credentials: Authorization, Cookie,
// X-Api-Key, and every name that contains "token", "secret", "key", "password" or the like.
bool isCredentialName(std::string_view name);

// Replaces the values of such names by "***" wherever settings change, match or set headers.
void redactCredentials(Value& settings);

}  // namespace weir::config
