#pragma once

#include <string_view>
#include <vector>

namespace weir::config {

// Which of the known words was probably meant by `given`; empty when none is close.
std::string_view closestWord(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace weir::config
