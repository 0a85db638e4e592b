#pragma once

#include <cstdint>
#include <string>

namespace weir {

// Gives the heap's free pages back to the system: for after a plan was built or destroyed, whose
// many small pieces the allocator would keep. Takes milliseconds for a large heap.
void returnFreeMemory();

// Bytes that the process may still take: of the machine, the control group or the address space,
// whichever ends first. Control groups are looked up in `root`.
std::uint64_t memoryAvailable(const std::string& root = "/sys/fs/cgroup");

}  // namespace weir
