#pragma once

#include <string_view>

#include "core/config/value.h"

namespace weir::config {

// Whether a header, cookie or parameter of that name holds what lets its bearer in: Authorization,
// Cookie, X-Api-Key, and whatever has "token", "secret", "key", "password" and the like in it.
bool isCredentialName(std::string_view name);

// Replaces the values of such names by "***" wherever settings change, match or set headers.
void redactCredentials(Value& settings);

}  // namespace weir::config
