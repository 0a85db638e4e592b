#include "core/base/memory.h"

#include <malloc.h>

namespace weir {

void returnFreeMemory() { ::malloc_trim(0); }

}  // namespace weir
