#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the workload's own identity.
namespace weir::mesh {

enum class IdentitySource : std::uint8_t { kFiles, kSpiffe };
inline constexpr std::string_view kIdentitySourceWords[] = {"files", "spiffe"};

enum class RefreshResult : std::uint8_t { kOk, kFailed };
inline constexpr std::string_view kRefreshResultWords[] = {"ok", "failed"};

inline constexpr CounterFamily kIdentityRefreshesFamily{
    "weir_identity_refreshes_total",
    "Renewed certificates, by source, files or a SPIFFE Workload API: accepted, or rejected in "
    "favor "
    "of the one in use.",
    {{"source", KeyPart::kSecond, wordOf<kIdentitySourceWords>},
     {"result", KeyPart::kFirst, wordOf<kRefreshResultWords>}}};
constexpr CounterKey identityRefreshesKey(IdentitySource source, RefreshResult result) {
  return {kIdentityRefreshesFamily, {}, {.first = field(result), .second = field(source)}};
}

inline constexpr GaugeFamily kIdentityExpiryFamily{
    "weir_identity_expiry_timestamp_seconds",
    "Expiry of this node's identity, in seconds since 1970, by its source. 0: it has none, or it "
    "was "
    "withdrawn.",
    {{"source", KeyPart::kSecond, wordOf<kIdentitySourceWords>}},
    MetricUnit::kNanoseconds};
constexpr GaugeKey identityExpiryKey(IdentitySource source) {  // ns of the wall clock
  return {kIdentityExpiryFamily, {}, {.second = field(source)}};
}

void addMetrics(MetricFamilies& families);

}  // namespace weir::mesh
