#pragma once

#include "core/base/clock.h"
#include "core/config/units.h"

namespace weir::config {
class Table;
}

namespace weir::upstream {

// slow_start = { ... } of an upstream: an endpoint that is added, or usable again, begins with a
// part of its weight.
struct SlowStartOptions {
  Milliseconds window{30'000};
  double aggression = 1;
  config::Percent min_weight{10};

  // The part of its weight that an endpoint has at this age.
  double factorAt(Nanoseconds age) const;
  // Interval at which weights are computed again.
  Milliseconds step() const;

  static void read(config::Table& table, SlowStartOptions& out);
  friend bool operator==(const SlowStartOptions&, const SlowStartOptions&) = default;
};

}  // namespace weir::upstream
