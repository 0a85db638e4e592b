#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of breakers.
namespace weir::mesh {

void addBreakerMetrics(MetricFamilies& families);

// What made a breaker take an endpoint out of use.
enum class Detector : std::uint8_t { kConsecutive, kSuccessRate, kProbe };
inline constexpr std::string_view kDetectorWords[] = {"consecutive", "success_rate", "probe"};
// Of the latest failure: no connection, or no good response.
enum class FailureOrigin : std::uint8_t { kLocal, kRemote };
inline constexpr std::string_view kFailureOriginWords[] = {"local", "remote"};

inline constexpr CounterFamily kOutlierEjectionsFamily{
    "weir_outlier_ejections_total",
    "Endpoints that a breaker of a worker took out of use, or would have taken with enforce = "
    "false. The origin of the latest failure is local if there was no connection.",
    {kUpstreamLabel,
     {"detector", KeyPart::kFirst, wordOf<kDetectorWords>},
     {"origin", KeyPart::kSecondLow, wordOf<kFailureOriginWords>},
     {"enforced", KeyPart::kSecondHigh, booleanWord}}};
constexpr CounterKey outlierEjectionsKey(NameId upstream, Detector detector, FailureOrigin origin,
                                         bool enforced) {
  return {
      kOutlierEjectionsFamily,
      {.a = upstream},
      {.first = field(detector), .second = field(origin) | (field(enforced) << kSecondLowBits)}};
}

inline constexpr CounterFamily kOutlierCappedFamily{
    "weir_outlier_ejections_capped_total",
    "Endpoints that a breaker of a worker kept in use although they failed, because of max_ejected "
    "or because there is no other.",
    {kUpstreamLabel}};
constexpr CounterKey outlierCappedKey(NameId upstream) {
  return {kOutlierCappedFamily, {.a = upstream}};
}

inline constexpr GaugeFamily kOutlierEjectedFamily{
    "weir_outlier_ejected_endpoints",
    "Endpoints out of use or on probation, counted once for each worker.",
    {kUpstreamLabel}};
constexpr GaugeKey outlierEjectedKey(NameId upstream) {
  return {kOutlierEjectedFamily, {.a = upstream}};
}

}  // namespace weir::mesh
