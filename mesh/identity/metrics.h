#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the workload's own identity.
namespace weir::mesh {

enum class RefreshResult : std::uint8_t { kOk, kFailed };
inline constexpr std::string_view kRefreshResultWords[] = {"ok", "failed"};

inline constexpr CounterFamily kIdentityRefreshesFamily{
    "weir_identity_refreshes_total",
    "Reloaded certificates: accepted, or rejected in favor of the one in use.",
    {{"result", KeyPart::kFirst, wordOf<kRefreshResultWords>}}};
constexpr CounterKey identityRefreshesKey(RefreshResult result) {
  return {kIdentityRefreshesFamily, {}, {.first = field(result)}};
}

void addMetrics(MetricFamilies& families);

}  // namespace weir::mesh
