#pragma once

#include "core/base/error.h"

namespace weir::event {

// Converts a negative code of libuv or the system (-errno).
Error errorOf(int code);

}  // namespace weir::event
