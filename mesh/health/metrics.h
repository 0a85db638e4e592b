#pragma once

#include <cstdint>

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of active health checks.
namespace weir::mesh::health {

enum class CheckResult : std::uint8_t {
  kSuccess,
  kStatus,      // an unexpected status
  kBody,        // the response does not have the expected content
  kNotServing,  // the answer of a gRPC server
  kConnect,     // no connection
  kTls,
  kTimeout,
  kReset,     // the connection ended before the answer
  kProtocol,  // the answer is malformed
};
inline constexpr std::string_view kCheckResultWords[] = {
    "success", "status", "body", "not_serving", "connect", "tls", "timeout", "reset", "protocol"};

inline constexpr CounterFamily kHealthChecksFamily{
    "weir_health_checks_total",
    "Active health checks of endpoints, by result.",
    {kUpstreamLabel, {"result", KeyPart::kFirst, wordOf<kCheckResultWords>}}};
constexpr CounterKey healthChecksKey(NameId upstream, CheckResult result) {
  return {kHealthChecksFamily, {.a = upstream}, {.first = field(result)}};
}

enum class HealthChange : std::uint8_t { kHealthy, kUnhealthy };
inline constexpr std::string_view kHealthChangeWords[] = {"healthy", "unhealthy"};

inline constexpr CounterFamily kHealthTransitionsFamily{
    "weir_health_transitions_total",
    "Endpoints that became healthy or unhealthy by active health checks.",
    {kUpstreamLabel, {"to", KeyPart::kFirst, wordOf<kHealthChangeWords>}}};
constexpr CounterKey healthTransitionsKey(NameId upstream, HealthChange to) {
  return {kHealthTransitionsFamily, {.a = upstream}, {.first = field(to)}};
}

void addMetrics(MetricFamilies& families);

}  // namespace weir::mesh::health
