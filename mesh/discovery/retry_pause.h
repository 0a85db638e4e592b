#pragma once

#include "core/base/random.h"
#include "core/upstream/backoff.h"

namespace weir::mesh {

// The pauses before the queries after failures: random, so that nodes do not ask a server that
// comes back all at once.
class RetryPause {
 public:
  static constexpr upstream::Backoff kBackoff{Milliseconds(100), Milliseconds(30'000)};

  Milliseconds next() { return upstream::backoffPause(kBackoff, failures_++, random_); }
  void reset() { failures_ = 0; }

 private:
  Random random_;
  unsigned failures_ = 0;
};

}  // namespace weir::mesh
