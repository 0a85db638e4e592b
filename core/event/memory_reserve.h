#pragma once

namespace weir::event {

// Reserves some memory for the process. When an allocation fails, the reserve is released, so that
// the allocation succeeds and there is time to shed load; the next successful call reserves it
// again.
void keepMemoryReserve();
// True while the reserve is released.
bool memoryExhausted();

}  // namespace weir::event
