#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace weir::jose {

// Base64url without padding (RFC 7515, 2).
void appendBase64Url(Bytes bytes, std::string& to);

// False, with nothing appended, unless `text` is the one encoding of some bytes: no padding, no
// white space, no other alphabet, and unused bits are 0.
[[nodiscard]] bool appendFromBase64Url(std::string_view text, std::string& to);

}  // namespace weir::jose
