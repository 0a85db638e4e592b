#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

namespace weir::gateway::jwt {

void addMetrics(MetricFamilies& families);

enum class Refresh : std::uint8_t { kSuccess, kFailure };
inline constexpr std::string_view kRefreshWords[] = {"success", "failure"};
enum class Lookup : std::uint8_t { kHit, kMiss };
inline constexpr std::string_view kLookupWords[] = {"hit", "miss"};

inline constexpr CounterFamily kRefreshesFamily{
    "weir_jwks_refreshes_total",
    "Attempts to fetch the key set of an issuer.",
    {{"issuer", KeyPart::kNameA}, {"result", KeyPart::kFirst, wordOf<kRefreshWords>}}};
constexpr CounterKey refreshesKey(NameId issuer, Refresh result) {
  return {kRefreshesFamily, {.a = issuer}, {.first = field(result)}};
}

inline constexpr GaugeFamily kAgeFamily{"weir_jwks_age_seconds",
                                        "Time since the key set of an issuer was last fetched.",
                                        {{"issuer", KeyPart::kNameA}},
                                        MetricUnit::kNanoseconds};
constexpr GaugeKey ageKey(NameId issuer) { return {kAgeFamily, {.a = issuer}}; }

inline constexpr CounterFamily kCacheFamily{"weir_jwt_cache_total",
                                            "Look-ups of tokens in the caches of verified tokens.",
                                            {{"result", KeyPart::kFirst, wordOf<kLookupWords>}}};
constexpr CounterKey cacheKey(Lookup result) {
  return {kCacheFamily, {}, {.first = field(result)}};
}

}  // namespace weir::gateway::jwt
