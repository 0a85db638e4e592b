#pragma once

#include "core/base/result.h"

namespace weir::event {

// Checks that `count` more descriptors can be opened now. Does not reserve them.
Result<void> checkDescriptors(unsigned count);

}  // namespace weir::event
