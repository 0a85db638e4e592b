#pragma once

#include <string>
#include <string_view>

namespace weir {

// The text in the format of gzip (RFC 1952), compressed at the fastest level.
std::string gzip(std::string_view text);

}  // namespace weir
