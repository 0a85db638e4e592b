#pragma once

#include <cstddef>

namespace weir::test {

// The number of heap allocations of this process: by malloc, and so by operator new and by C
// libraries. Always 0 with a sanitizer, which replaces the allocator.
std::size_t allocations();

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

}  // namespace weir::test
