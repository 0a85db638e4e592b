#include "core/event/processors.h"

#include <algorithm>
#include <thread>

namespace weir::event {

unsigned processors() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace weir::event
