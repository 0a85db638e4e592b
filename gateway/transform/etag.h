#pragma once

#include <string_view>

#include "core/http/headers.h"

// Entity tags (RFC 9110, 8.8.3) of responses whose content coding a filter changes: weir cannot
// promise that the bytes are the same each time, so that the tag becomes a weak one.
namespace weir::gateway {

// The tag of the response as a weak one; empty if it has none. In the arena of the headers.
std::string_view weakEtag(const http::Headers& headers);
// Makes the tag of the response a weak one.
void weakenEtag(http::Headers& headers);

// For a 304: makes its tag a weak one if the client has sent it as such, because it then has a
// response of that tag (RFC 9111, 4.3.4).
void weakenSameEtag(http::Headers& headers, std::string_view if_none_match);

// The value of If-None-Match with strong tags instead of weak ones, for servers that compare bytes.
std::string_view strongEtags(std::string_view if_none_match, Arena& arena);

}  // namespace weir::gateway
