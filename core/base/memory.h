#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir {

// Returns the heap's free pages to the system. Call it after a plan was built or destroyed, because
// the allocator would keep the many small pieces. Takes milliseconds for a large heap.
void returnFreeMemory();

// Returns the whole pages of this memory of the heap to the system, until they are used again. What
// is written in them is lost.
void releasePages(void* memory, std::size_t bytes);

// Bytes that the process can still allocate: the lowest limit of the machine, the control group and
// the address space. Control groups are looked up in `root`.
std::uint64_t memoryAvailable(const std::string& root = "/sys/fs/cgroup");

}  // namespace weir
