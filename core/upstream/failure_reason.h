#pragma once

#include "core/base/error.h"
#include "core/base/reason.h"

namespace weir::upstream {

// Why a cluster provided no connection; errors of local origin are its own limits.
Reason reasonForConnecting(const Error& error);
// Why a response failed before its head arrived. `reused`: the connection had carried exchanges.
Reason reasonForResponse(const Error& error, bool reused);

}  // namespace weir::upstream
