#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the filter csrf.
namespace weir::gateway {

enum class CsrfDecision : std::uint8_t { kAllow, kDeny, kShadowDeny };
inline constexpr std::string_view kCsrfDecisionWords[] = {"allow", "deny", "shadow_deny"};

inline constexpr CounterFamily kCsrfFamily{
    "weir_csrf_decisions_total",
    "Requests that the filter csrf allowed, refused, or would have refused in shadow mode.",
    {{"decision", KeyPart::kFirst, wordOf<kCsrfDecisionWords>}}};
constexpr CounterKey csrfKey(CsrfDecision decision) {
  return {kCsrfFamily, {}, {.first = field(decision)}};
}

void addCsrfMetrics(MetricFamilies& families);

}  // namespace weir::gateway
