#pragma once

#include "core/base/error.h"
#include "core/base/reason.h"

namespace weir::http {

// The status of a local reply for `reason`. Errors become statuses only here.
int statusFor(Reason reason);

// The reason, and thus the status, of a request that is malformed or was abandoned.
Reason reasonForRequest(const Error& error);
int statusForRequest(const Error& error);

}  // namespace weir::http
