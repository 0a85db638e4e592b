#pragma once

#include "core/base/error.h"

namespace weir::dns {

// What a status of c-ares means to us.
Error errorOf(int status);

}  // namespace weir::dns
