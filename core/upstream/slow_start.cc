#include "core/upstream/slow_start.h"

#include <algorithm>
#include <cmath>

#include "core/config/table.h"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr int kSteps = 64;  // in a window, if it is neither short nor long

}  // namespace

void SlowStartOptions::read(config::Table& table, SlowStartOptions& out) {
  table.read("window", out.window, "Time after which an endpoint has its full weight.",
             {.min = 100ms, .max = 1h});
  table.read("aggression", out.aggression,
             "Form of the increase: the weight is multiplied by (age / window) to the power of 1 / "
             "aggression. 1: linear, 2: faster at the beginning.",
             {.min = 0.1, .max = 10});
  table.read("min_weight", out.min_weight,
             "Minimum part of its weight that an endpoint has in the beginning.",
             {.min = 1, .max = 100});
}

double SlowStartOptions::factorAt(Nanoseconds age) const {
  if (age >= window) return 1;
  const double part =
      static_cast<double>(age.count()) / static_cast<double>(Nanoseconds(window).count());
  return std::max(min_weight.fraction(), std::pow(part, 1 / aggression));
}

Milliseconds SlowStartOptions::step() const {
  return std::clamp<Milliseconds>(window / kSteps, 20ms, 1s);
}

}  // namespace weir::upstream
