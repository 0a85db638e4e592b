#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the filter fault.
namespace weir::gateway {

void addFaultMetrics(MetricFamilies& families);

enum class FaultKind : std::uint8_t { kDelay, kAbort };
inline constexpr std::string_view kFaultKindWords[] = {"delay", "abort"};

inline constexpr CounterFamily kFaultsInjectedFamily{
    "weir_faults_injected_total",
    "Delays and aborts of the filter fault.",
    {kRouteLabel, {"kind", KeyPart::kFirst, wordOf<kFaultKindWords>}}};
constexpr CounterKey faultsInjectedKey(NameId route, FaultKind kind) {
  return {kFaultsInjectedFamily, {.b = route}, {.first = field(kind)}};
}

}  // namespace weir::gateway
