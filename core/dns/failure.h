#pragma once

#include "core/base/error.h"

namespace weir::dns {

// Converts a status of c-ares.
Error errorOf(int status);

}  // namespace weir::dns
