#pragma once

#include "core/base/error.h"
#include "core/base/reason.h"

namespace weir::http {

// The status that a client sees when weir itself answers for `reason`. The one place where errors
// become statuses.
int statusFor(Reason reason);

// The reason, and with it the status, of a request that cannot be understood or was given up.
Reason reasonForRequest(const Error& error);
int statusForRequest(const Error& error);

}  // namespace weir::http
