#pragma once

#include "core/base/error.h"

namespace weir::event {

// What a negative code of libuv or the system (-errno) means to us.
Error errorOf(int code);

}  // namespace weir::event
