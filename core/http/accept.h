#pragma once

#include <string_view>

namespace weir::http {

// The weight in the parameters of an element of Accept or Accept-Encoding, in thousandths (RFC
// 9110, 12.4.2); malformed: 0. They begin with ";" or are empty.
int acceptWeight(std::string_view parameters);

}  // namespace weir::http
