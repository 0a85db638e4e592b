#pragma once

#include <string_view>
#include <vector>

namespace weir::config {

// The known word that was probably meant by `given`; empty if none is similar.
std::string_view closestWord(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace weir::config
