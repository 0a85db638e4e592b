#pragma once

#include <string>

namespace weir::event {

// The number of CPUs that the process may use, at least 1: the default number of workers. It is
// that at the first call: later changes of the control group have no effect.
unsigned processors();

// The CPUs among `available` that the control group allows, looked up in `root`; a part of a CPU
// counts as one.
unsigned processorsOf(const std::string& root, unsigned available);

}  // namespace weir::event
