#pragma once

#include "core/base/error.h"
#include "core/base/reason.h"

namespace weir::proxy {

// The reason why a cluster provided no connection; errors of local origin are its own limits.
Reason reasonForDialing(const Error& error);

}  // namespace weir::proxy
