#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

namespace weir::gateway::upstream_auth {

void addMetrics(MetricFamilies& families);

enum class Outcome : std::uint8_t { kSent, kRefused, kError };
inline constexpr std::string_view kOutcomeWords[] = {"sent", "refused", "error"};
enum class Refresh : std::uint8_t { kSuccess, kFailure };
inline constexpr std::string_view kRefreshWords[] = {"success", "failure"};

inline constexpr CounterFamily kRequestsFamily{
    "weir_upstream_auth_requests_total",
    "Requests of the filter upstream_auth. `sent`: with credentials; `refused`: the upstream then "
    "responded with 401; `error`: there was no token.",
    {{"result", KeyPart::kFirst, wordOf<kOutcomeWords>}}};
constexpr CounterKey requestsKey(Outcome outcome) {
  return {kRequestsFamily, {}, {.first = field(outcome)}};
}

inline constexpr CounterFamily kRefreshesFamily{
    "weir_upstream_auth_token_refreshes_total",
    "Requests to the token endpoint of the filter upstream_auth, which is at the upstream.",
    {{"upstream", KeyPart::kNameA}, {"result", KeyPart::kFirst, wordOf<kRefreshWords>}}};
constexpr CounterKey refreshesKey(NameId upstream, Refresh result) {
  return {kRefreshesFamily, {.a = upstream}, {.first = field(result)}};
}

}  // namespace weir::gateway::upstream_auth
