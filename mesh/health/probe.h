#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/upstream/health_check_options.h"
#include "mesh/health/metrics.h"
#include "mesh/health/one_endpoint.h"

namespace weir::mesh::health {

struct ProbeOutcome {
  CheckResult result = CheckResult::kSuccess;
  std::string detail = {};  // printable
};

// One check of one endpoint in progress. Destroying it cancels it.
class Probe {
 public:
  virtual ~Probe() = default;
};

// `done` is called once, never from within startProbe(). The probe must not be destroyed before the
// end of the turn in which `done` was called; the endpoint outlives it.
using OnProbed = std::function<void(ProbeOutcome)>;
std::unique_ptr<Probe> startProbe(OneEndpoint& endpoint,
                                  const upstream::HealthCheckOptions& options, OnProbed done);

}  // namespace weir::mesh::health
