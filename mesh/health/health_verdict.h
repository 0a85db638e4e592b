#pragma once

#include <cstdint>

#include "core/upstream/endpoint.h"
#include "core/upstream/health_check_options.h"

namespace weir::mesh::health {

// Decides from the checks of an endpoint whether it is healthy: the first one decides alone, and
// then as many in a row as the threshold says.
class HealthVerdict {
 public:
  using Options = upstream::HealthCheckOptions;

  upstream::Health health() const { return health_; }
  bool decided() const { return decided_; }  // it has been checked
  bool failing() const { return failing_; }  // the latest check failed
  // Before the first check.
  void begin(Options::Initial initial) {
    if (decided_) return;
    const bool unhealthy = initial == Options::Initial::kUnhealthy;
    health_ = unhealthy ? upstream::Health::kUnhealthy : upstream::Health::kUnknown;
  }
  // Returns true if health() has changed.
  bool note(bool success, const Options& options) {
    using upstream::Health;
    const Health seen = success ? Health::kHealthy : Health::kUnhealthy;
    const bool first = !decided_;
    decided_ = true;
    failing_ = !success;
    if (seen == health_) {
      against_ = 0;
      return false;
    }
    const std::uint32_t needed = success ? options.healthy_threshold : options.unhealthy_threshold;
    if (!first && ++against_ < needed) return false;
    against_ = 0;
    health_ = seen;
    return true;
  }

 private:
  upstream::Health health_ = upstream::Health::kUnknown;
  std::uint32_t against_ = 0;  // checks in a row that contradict health_
  bool decided_ = false;
  bool failing_ = false;
};

}  // namespace weir::mesh::health
