#pragma once

#include <optional>
#include <string_view>

#include "core/http/headers.h"

namespace weir::http {

// The value of the first cookie with that name (RFC 6265, 4.2), as sent. Names are case-sensitive.
std::optional<std::string_view> findCookie(const Headers& headers, std::string_view name);

// True for a name of a cookie: a token.
bool isCookieName(std::string_view text);

}  // namespace weir::http
