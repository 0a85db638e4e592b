#pragma once

namespace weir {

// Gives the heap's free pages back to the system: for after a plan was built or destroyed, whose
// many small pieces the allocator would keep. Takes milliseconds for a large heap.
void returnFreeMemory();

}  // namespace weir
