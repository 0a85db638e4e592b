#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

namespace weir::gateway {

void addForwardAuthMetrics(MetricFamilies& families);

enum class ForwardAuthResult : std::uint8_t { kAllowed, kDenied, kError };
inline constexpr std::string_view kForwardAuthResultWords[] = {"allowed", "denied", "error"};

inline constexpr CounterFamily kForwardAuthFamily{
    "weir_forward_auth_decisions_total",
    "Decisions of the filter forward_auth. `error`: the service did not decide, and `on_error` "
    "applied.",
    {{"result", KeyPart::kFirst, wordOf<kForwardAuthResultWords>}}};
constexpr CounterKey forwardAuthKey(ForwardAuthResult result) {
  return {kForwardAuthFamily, {}, {.first = field(result)}};
}

}  // namespace weir::gateway
