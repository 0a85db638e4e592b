#pragma once

#include "core/base/result.h"

namespace weir::event {

// Whether so many more descriptors can be opened now. They are not kept.
Result<void> checkDescriptors(unsigned count);

}  // namespace weir::event
