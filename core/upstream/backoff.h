#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/clock.h"
#include "core/base/random.h"

namespace weir::upstream {

// How long to pause before a retry.
struct Backoff {
  Milliseconds base{25};
  Milliseconds max{250};
};

// The longest pause before retry number `retry`, counted from 0: base * 2^retry, at most max.
inline Milliseconds backoffLimit(const Backoff& backoff, unsigned retry) {
  Milliseconds limit = backoff.base;
  // Enough doublings for any useful pair of values; more could overflow.
  for (unsigned i = 0; i < std::min(retry, 32U) && limit < backoff.max; ++i) limit *= 2;
  return std::min(limit, backoff.max);
}

// The pause before retry number `retry`: random between 0 and the limit, exclusive ("full jitter"),
// so that callers that failed together do not retry together.
inline Milliseconds backoffPause(const Backoff& backoff, unsigned retry, Random& random) {
  const Milliseconds limit = std::max(backoffLimit(backoff, retry), Milliseconds(0));
  const auto span = static_cast<std::uint64_t>(limit.count());
  return Milliseconds(static_cast<std::int64_t>(random.below(span)));
}

}  // namespace weir::upstream
