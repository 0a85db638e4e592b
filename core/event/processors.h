#pragma once

namespace weir::event {

// The number of CPUs that the process may use, at least 1: the default number of workers.
unsigned processors();

}  // namespace weir::event
