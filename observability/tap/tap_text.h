#pragma once

#include <string>
#include <string_view>

namespace weir::tap {

// A line of /tap for a person: the request in the first line, then each step. Empty for a line that
// says nothing. `headers`: with those of the request and the response.
std::string tapText(std::string_view line, bool headers);

}  // namespace weir::tap
