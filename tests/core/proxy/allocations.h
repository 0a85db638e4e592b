#pragma once

#include <cstddef>

namespace weir::test {

// How often this process took memory from the heap: by malloc, and so by operator new and by C
// libraries. Always 0 where a sanitizer has the heap in its own hands.
std::size_t allocations();

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

}  // namespace weir::test
