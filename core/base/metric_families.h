#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Every metric family of weir. One enumerator here and one row in metric_families.cc make a family;
// a function in metric_keys.h makes its keys.
enum class Metric : std::uint8_t {
  kRequests,
  kRequestDuration,
  kTimeToFirstByte,
  kRequestsInFlight,
  kRequestBodyBytes,
  kResponseBodyBytes,
  kLocalReplies,
  kGrpcRequests,
  kConnectionsActive,
  kConnectionsOpened,
  kConnectionsClosed,
  kProtocolDetect,
  kTcpReceivedBytes,
  kTcpSentBytes,
  kUpstreamRequests,
  kUpstreamAttemptDuration,
  kUpstreamConnectDuration,
  kUpstreamConnectionsActive,
  kUpstreamConnectionsIdle,
  kUpstreamConnectionFailures,
  kUpstreamPoolWait,
  kUpstreamQueueDepth,
  kUpstreamEndpoints,
  kUpstreamReusedConnections,
  kDiscoveryUpdates,
  kDiscoveryStale,
  kRetries,
  kRetriesSuppressed,
  kRetryBudgetTokens,
  kTimeouts,
  kLimitRejections,
  kMirrorRequests,
  kHttp2Floods,
  kProxyProtocolHeaders,
  kTlsHandshakes,
  kTlsCertificateExpiry,
  kMtlsConnections,
  kIdentityRefreshes,
  kAuthzDecisions,
  kConfigReloads,
  kConfigLastReloadSuccessful,
  kConfigLastSuccessTimestamp,
  kConfigGeneration,
  kConfigActiveGenerations,
  kConfigReloadDuration,
  kOverloadLevel,
  kDraining,
  kBuildInfo,
  kLoopLag,
  kLoopBusyRatio,
  kMemoryBytes,
  kAccessLogDropped,
  kLogDropped,
  kMetricSeries,
  kMetricSeriesDropped,
  kScrapeDuration,
};

inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(Metric::kScrapeDuration) + 1;

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

// What one unit of a cell is worth in the exposition.
enum class MetricUnit : std::uint8_t {
  kOne,
  kNanoseconds,  // shown in seconds
  kMillionths,   // shown as a ratio
};

// Which part of a MetricKey holds the value of a label.
enum class KeyPart : std::uint8_t {
  kNameA,
  kNameB,
  kNameC,
  kCode,        // 10 bits
  kFirst,       // 7 bits
  kSecond,      // 7 bits
  kSecondLow,   // its lower 4 bits
  kSecondHigh,  // and its upper 3
};

struct MetricLabel {
  std::string_view name;  // empty: no label
  KeyPart part = KeyPart::kNameA;
  std::string_view (*word)(unsigned value) = nullptr;  // of the parts that are no names
};

inline constexpr std::size_t kMaxMetricLabels = 5;

struct MetricFamily {
  Metric metric;
  std::string_view name;
  std::string_view help;
  MetricType type;
  MetricUnit unit;
  std::array<MetricLabel, kMaxMetricLabels> labels;
};

// The row of a family. The table is constant and in the order of Metric.
const MetricFamily& familyOf(Metric metric);
std::span<const MetricFamily> metricFamilies();

// What a label reads when its set was folded away or its value has no word.
inline constexpr std::string_view kOtherLabel = "__other__";

}  // namespace weir
