#pragma once

#include <nghttp2/nghttp2.h>

namespace weir::http::h2 {

// The allocator of nghttp2 sessions. Like operator new, it calls the new handler when an allocation
// fails, which releases the memory reserve of the process (event::keepMemoryReserve).
nghttp2_mem* sessionMemory();

}  // namespace weir::http::h2
