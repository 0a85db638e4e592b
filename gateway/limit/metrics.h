#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the filter rate_limit.
namespace weir::gateway {

enum class LimitDecision : std::uint8_t {
  kAllow,
  kDeny,
  kShadowDeny,
  kErrorLocal,  // this and the next are those of OnError
  kErrorAllow,
  kErrorDeny,
  kDelay,
};
inline constexpr std::string_view kLimitDecisionWords[] = {
    "allow", "deny", "shadow_deny", "error_local", "error_allow", "error_deny", "delay"};

inline constexpr MetricLabel kLimiterLabel = {"limiter", KeyPart::kNameA};

inline constexpr CounterFamily kLimitDecisionsFamily{
    "weir_ratelimit_decisions_total",
    "Requests that a rate limit allowed, refused, or would have refused in shadow mode. Without "
    "the "
    "server of its setting redis: allowed by this instance's share of the limit (error_local), "
    "allowed without a limit (error_allow), or refused for that reason (error_deny). With "
    "delay, the request waited before it was allowed.",
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

inline constexpr HistogramFamily kLimitRedisDurationFamily{
    "weir_ratelimit_redis_duration_seconds",
    "Time from a request's question to the server of the setting redis until the reply.",
    {kLimiterLabel}};
constexpr HistogramKey limitRedisDurationKey(NameId limiter) {
  return {kLimitRedisDurationFamily, {.a = limiter}};
}

inline constexpr GaugeFamily kLimitShareFamily{
    "weir_ratelimit_share",
    "Instances among which a rate limit is divided, with its setting share.",
    {kLimiterLabel}};
constexpr GaugeKey limitShareKey(NameId limiter) { return {kLimitShareFamily, {.a = limiter}}; }

inline constexpr HistogramFamily kLimitDelayFamily{
    "weir_ratelimit_delay_seconds",
    "Time that requests had to wait until a rate limit allowed them.",
    {kLimiterLabel}};
constexpr HistogramKey limitDelayKey(NameId limiter) { return {kLimitDelayFamily, {.a = limiter}}; }

void addLimitMetrics(MetricFamilies& families);

}  // namespace weir::gateway
