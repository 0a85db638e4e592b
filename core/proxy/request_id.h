#pragma once

#include <string_view>

#include "core/base/arena.h"
#include "core/base/random.h"

namespace weir::proxy {

// A random UUID (RFC 9562, version 4) as text, in `arena`.
std::string_view makeRequestId(Random& random, Arena& arena);

}  // namespace weir::proxy
