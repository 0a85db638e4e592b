#pragma once

#include <cstddef>

namespace weir::proxy {

// Open connections of a listener are judged again under a new plan: what changed, and what became
// of them so far.
struct Recheck {
  bool certificates = false;  // the requirements on clients
  bool policies = false;
  bool upstreams = false;  // the requirements on endpoints may have changed

  bool postponed = false;       // a request cannot be judged yet: another round is needed
  std::size_t connections = 0;  // closed
  std::size_t streams = 0;      // ended
};

}  // namespace weir::proxy
