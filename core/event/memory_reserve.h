#pragma once

namespace weir::event {

// Holds some memory back, for all of the process. When an allocation fails it is given up, so that
// the allocation succeeds and there is time to shed load; taken back by the next call that can.
void keepMemoryReserve();
// The reserve is given up.
bool memoryExhausted();

}  // namespace weir::event
