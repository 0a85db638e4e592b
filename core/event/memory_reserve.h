#pragma once

namespace weir::event {

// Reserves some memory for the process. When an allocation fails, a part of the reserve is
// released, so that the allocation succeeds and there is time to shed load; later calls fill it up
// again. Every worker calls it as well as the control thread, because memory that a thread has
// freed may be available to that thread alone.
void keepMemoryReserve();
// True until the reserve is complete again.
bool memoryExhausted();

}  // namespace weir::event
