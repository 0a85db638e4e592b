#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// The text in the format of gzip (RFC 1952), compressed at the fastest level. Nothing if there is
// no memory for it.
std::optional<std::string> gzip(std::string_view text);

}  // namespace weir
