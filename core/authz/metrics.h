#pragma once

#include "core/authz/policy.h"
#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

namespace weir::authz {

void addMetrics(MetricFamilies& families);

inline constexpr std::string_view kDecisionWords[] = {"allow", "deny"};
inline constexpr std::string_view kModeWords[] = {"enforce", "shadow"};

inline constexpr CounterFamily kDecisionsFamily{
    "weir_authz_decisions_total",
    "Decisions of `[[authorize]]` and of the filter rbac. `policy` is empty if none matched.",
    {{"policy", KeyPart::kNameA},
     {"decision", KeyPart::kFirst, wordOf<kDecisionWords>},
     {"mode", KeyPart::kSecond, wordOf<kModeWords>}}};
constexpr CounterKey decisionsKey(NameId policy, Action decision, Mode mode) {
  return {kDecisionsFamily, {.a = policy}, {.first = field(decision), .second = field(mode)}};
}

}  // namespace weir::authz
