#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Every metric family of weir. A family is one enumerator here and one row in metric_families.cc; a
// function in metric_keys.h makes its keys.
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

// The unit of a cell's value and its representation in the exposition.
enum class MetricUnit : std::uint8_t {
  kOne,
  kNanoseconds,  // shown in seconds
  kMillionths,   // shown as a ratio
};

// The part of a MetricKey that holds the value of a label.
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
  std::string_view (*word)(unsigned value) = nullptr;  // null for names
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

// The value of the labels of a set over the ceiling, and of a label value without a word.
inline constexpr std::string_view kOtherLabel = "__other__";

}  // namespace weir
