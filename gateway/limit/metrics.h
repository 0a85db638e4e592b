#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the filter rate_limit.
namespace weir::gateway {

enum class LimitDecision : std::uint8_t { kAllow, kDeny, kShadowDeny };
inline constexpr std::string_view kLimitDecisionWords[] = {"allow", "deny", "shadow_deny"};

inline constexpr MetricLabel kLimiterLabel = {"limiter", KeyPart::kNameA};

inline constexpr CounterFamily kLimitDecisionsFamily{
    "weir_ratelimit_decisions_total",
    "Requests that a rate limit allowed, refused, or would have refused in shadow mode.",
    {kLimiterLabel, {"decision", KeyPart::kFirst, wordOf<kLimitDecisionWords>}}};
constexpr CounterKey limitDecisionsKey(NameId limiter, LimitDecision decision) {
  return {kLimitDecisionsFamily, {.a = limiter}, {.first = field(decision)}};
}

inline constexpr CounterFamily kLimitEvictionsFamily{
    "weir_ratelimit_evictions_total",
    "Keys of a rate limit that were forgotten, because there was no room for them.",
    {kLimiterLabel}};
constexpr CounterKey limitEvictionsKey(NameId limiter) {
  return {kLimitEvictionsFamily, {.a = limiter}};
}

inline constexpr GaugeFamily kLimitKeysFamily{
    "weir_ratelimit_keys",
    "Keys of a rate limit that have used a part of it, counted every 10 s.",
    {kLimiterLabel}};
constexpr GaugeKey limitKeysKey(NameId limiter) { return {kLimitKeysFamily, {.a = limiter}}; }

void addLimitMetrics(MetricFamilies& families);

}  // namespace weir::gateway
