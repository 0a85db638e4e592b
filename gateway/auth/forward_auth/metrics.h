#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

namespace weir::gateway::forward_auth {

void addMetrics(MetricFamilies& families);

enum class Decision : std::uint8_t { kAllowed, kDenied, kError };
inline constexpr std::string_view kDecisionWords[] = {
    "allowed", "denied", "error", "shadow_allowed", "shadow_denied", "shadow_error"};
inline constexpr unsigned kDecisions = static_cast<unsigned>(Decision::kError) + 1;
enum class Lookup : std::uint8_t { kHit, kMiss, kShared, kBypass };
inline constexpr std::string_view kLookupWords[] = {"hit", "miss", "shared", "bypass"};

inline constexpr CounterFamily kDecisionsFamily{
    "weir_forward_auth_decisions_total",
    "Decisions of the filter forward_auth. `error`: the service did not decide, and `on_error` "
    "applied. Those of filters in mode shadow begin with `shadow_`.",
    {{"result", KeyPart::kFirst, wordOf<kDecisionWords>}}};
constexpr CounterKey decisionsKey(Decision decision, bool shadow = false) {
  return {kDecisionsFamily, {}, {.first = field(decision) + (shadow ? kDecisions : 0)}};
}

inline constexpr CounterFamily kCacheFamily{
    "weir_forward_auth_cache_total",
    "Look-ups in the caches of the filter forward_auth. `shared`: the request waited for the "
    "answer "
    "to another one; `bypass`: it lacks a part of the key, or has credentials that are not in the "
    "key.",
    {{"result", KeyPart::kFirst, wordOf<kLookupWords>}}};
constexpr CounterKey cacheKey(Lookup result) {
  return {kCacheFamily, {}, {.first = field(result)}};
}

}  // namespace weir::gateway::forward_auth
