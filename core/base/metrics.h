#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the process log, and those that several modules count.
namespace weir {

void addMetrics(MetricFamilies& families);

enum class LimitScope : std::uint8_t { kListener, kUpstream };
inline constexpr std::string_view kLimitScopeWords[] = {"listener", "upstream"};
enum class LimitResource : std::uint8_t { kConnections, kMemory, kRequests, kPending };
inline constexpr std::string_view kLimitResourceWords[] = {"connections", "memory", "requests",
                                                           "pending"};

inline constexpr CounterFamily kLimitRejections{
    "weir_limit_rejections_total",
    "Requests and connections refused by a limit.",
    {{"scope", KeyPart::kFirst, wordOf<kLimitScopeWords>},
     {"resource", KeyPart::kSecond, wordOf<kLimitResourceWords>}}};
constexpr CounterKey limitRejectionsKey(LimitScope scope, LimitResource resource) {
  return {kLimitRejections, {}, {.first = field(scope), .second = field(resource)}};
}

inline constexpr CounterFamily kLogDropped{"weir_log_dropped_total",
                                           "Lines of the process log that were dropped."};
constexpr CounterKey logDroppedKey() { return {kLogDropped, {}}; }

}  // namespace weir
