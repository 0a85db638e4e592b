#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::config {

// The line (from 1) of the first dotted key in a TOML text that has more than `most` dots, or 0.
// toml++ recurses for each dot, so that a long key would overflow the stack.
std::uint32_t lineOfDeepKey(std::string_view text, std::size_t most);

}  // namespace weir::config
