#pragma once

#include "core/base/handshake_reason.h"
#include "core/base/metric.h"
#include "core/base/reason.h"

// The keys of each family, with label values as enums of the domain. The enumerators are in the
// order of their words in metric_families.cc.
namespace weir {

enum class AppProtocol : std::uint8_t { kH1, kH2, kH3, kGrpc, kWebSocket };
enum class TransportProtocol : std::uint8_t { kTcp, kTls, kQuic, kUdp };
enum class Detection : std::uint8_t { kHttp, kTcp, kTcpServerFirst };
enum class AttemptOutcome : std::uint8_t { kOk, kError, kTimeout, kCancel };
enum class ConnectFailure : std::uint8_t { kRefused, kTimeout, kTls, kDns, kReset, kUnreachable };
enum class EndpointState : std::uint8_t {
  kHealthy,
  kDegraded,
  kUnhealthy,
  kEjected,
  kDraining,
  kWarming,
  kStale,
};
enum class DiscoveryResult : std::uint8_t { kChanged, kUnchanged, kFailed };
enum class RetryOutcome : std::uint8_t { kSuccess, kFailure };
enum class RetryRefusal : std::uint8_t {
  kBudget,
  kLimit,
  kBodyTooLarge,
  kNotIdempotent,
  kResponseStarted,
  kDeadline,
};
enum class TimeoutStage : std::uint8_t {
  kConnect,
  kHeaders,
  kPerTry,
  kRequest,
  kIdle,
  kStream,
  kSend
};
enum class LimitScope : std::uint8_t { kListener, kRoute, kUpstream, kEndpoint };
enum class LimitResource : std::uint8_t { kConnections, kRequests, kPending, kMemory };
enum class ProxyProtocolResult : std::uint8_t {
  kVersion1,
  kVersion2,
  kAbsent,     // no header; served without one
  kUntrusted,  // from a peer that may not send one
  kMissing,    // no header where one is required
  kBroken,
  kTimeout,
  kClosed,  // the peer closed before the end of the header
};
enum class MirrorOutcome : std::uint8_t { kSent, kFailed, kSkipped };
enum class ReloadResult : std::uint8_t { kApplied, kUnchanged, kRejected };
enum class Direction : std::uint8_t { kInbound, kOutbound };
enum class MtlsResult : std::uint8_t { kOk, kFailed };
enum class RefreshResult : std::uint8_t { kOk, kFailed };
enum class TlsVersion : std::uint8_t { kNone, k12, k13 };
enum class AuthzDecision : std::uint8_t { kAllow, kDeny };
enum class AuthzMode : std::uint8_t { kEnforce, kShadow };

template <typename Word>
constexpr unsigned field(Word word) {
  return static_cast<unsigned>(word);
}

// `method` is the index of an http::Method.
constexpr CounterKey requestsKey(NameId listener, NameId route, unsigned method,
                                 AppProtocol protocol, int status) {
  return {Metric::kRequests,
          {.a = listener, .b = route},
          {.code = codeField(status), .first = method, .second = field(protocol)}};
}

// 0 for no status, 1 to 5 for 1xx to 5xx, 6 for an invalid one.
constexpr unsigned codeClass(int status) {
  if (status == 0) return 0;
  return status >= 100 && status <= 599 ? static_cast<unsigned>(status) / 100 : 6U;
}

constexpr HistogramKey requestDurationKey(NameId listener, NameId route, AppProtocol protocol,
                                          int status) {
  return {Metric::kRequestDuration,
          {.a = listener, .b = route},
          {.first = field(protocol), .second = codeClass(status)}};
}

constexpr HistogramKey timeToFirstByteKey(NameId listener, NameId route) {
  return {Metric::kTimeToFirstByte, {.a = listener, .b = route}};
}
constexpr GaugeKey requestsInFlightKey(NameId listener) {
  return {Metric::kRequestsInFlight, {.a = listener}};
}
constexpr CounterKey requestBodyBytesKey(NameId listener, NameId route) {
  return {Metric::kRequestBodyBytes, {.a = listener, .b = route}};
}
constexpr CounterKey responseBodyBytesKey(NameId listener, NameId route) {
  return {Metric::kResponseBodyBytes, {.a = listener, .b = route}};
}
constexpr CounterKey localRepliesKey(NameId listener, NameId route, int status, Reason reason,
                                     NameId filter = 0) {
  return {Metric::kLocalReplies,
          {.a = listener, .b = route, .c = filter},
          {.code = codeField(status), .first = field(reason)}};
}

// `code` is a status code of gRPC, kOtherGrpcCode or kNoGrpcCode.
inline constexpr unsigned kOtherGrpcCode = 17;
inline constexpr unsigned kNoGrpcCode = 18;
constexpr CounterKey grpcRequestsKey(NameId route, unsigned code) {
  return {Metric::kGrpcRequests, {.b = route}, {.first = code}};
}
constexpr GaugeKey connectionsActiveKey(NameId listener, TransportProtocol protocol) {
  return {Metric::kConnectionsActive, {.a = listener}, {.first = field(protocol)}};
}
constexpr CounterKey connectionsOpenedKey(NameId listener, TransportProtocol protocol) {
  return {Metric::kConnectionsOpened, {.a = listener}, {.first = field(protocol)}};
}
// kNone: closed cleanly.
constexpr CounterKey connectionsClosedKey(NameId listener, TransportProtocol protocol,
                                          Reason reason) {
  return {Metric::kConnectionsClosed,
          {.a = listener},
          {.first = field(protocol), .second = field(reason)}};
}

constexpr CounterKey protocolDetectKey(NameId listener, Detection result) {
  return {Metric::kProtocolDetect, {.a = listener}, {.first = field(result)}};
}
constexpr CounterKey tcpReceivedBytesKey(NameId listener, NameId upstream) {
  return {Metric::kTcpReceivedBytes, {.a = listener, .b = upstream}};
}
constexpr CounterKey tcpSentBytesKey(NameId listener, NameId upstream) {
  return {Metric::kTcpSentBytes, {.a = listener, .b = upstream}};
}

// Status 0: the attempt ended without a response.
constexpr CounterKey upstreamRequestsKey(NameId upstream, int status, Reason reason) {
  return {Metric::kUpstreamRequests,
          {.a = upstream},
          {.code = codeField(status), .first = field(reason)}};
}
constexpr HistogramKey upstreamAttemptDurationKey(NameId upstream, AttemptOutcome outcome) {
  return {Metric::kUpstreamAttemptDuration, {.a = upstream}, {.first = field(outcome)}};
}
constexpr HistogramKey upstreamConnectDurationKey(NameId upstream, bool tls) {
  return {Metric::kUpstreamConnectDuration, {.a = upstream}, {.first = field(tls)}};
}
constexpr GaugeKey upstreamConnectionsActiveKey(NameId upstream) {
  return {Metric::kUpstreamConnectionsActive, {.a = upstream}};
}
constexpr GaugeKey upstreamConnectionsIdleKey(NameId upstream) {
  return {Metric::kUpstreamConnectionsIdle, {.a = upstream}};
}
constexpr CounterKey upstreamConnectionFailuresKey(NameId upstream, ConnectFailure reason) {
  return {Metric::kUpstreamConnectionFailures, {.a = upstream}, {.first = field(reason)}};
}
constexpr HistogramKey upstreamPoolWaitKey(NameId upstream) {
  return {Metric::kUpstreamPoolWait, {.a = upstream}};
}
constexpr GaugeKey upstreamQueueDepthKey(NameId upstream) {
  return {Metric::kUpstreamQueueDepth, {.a = upstream}};
}
constexpr GaugeKey upstreamEndpointsKey(NameId upstream, EndpointState state) {
  return {Metric::kUpstreamEndpoints, {.a = upstream}, {.first = field(state)}};
}
constexpr CounterKey upstreamReusedConnectionsKey(NameId upstream) {
  return {Metric::kUpstreamReusedConnections, {.a = upstream}};
}
// `source`: the kind of discovery.
constexpr CounterKey discoveryUpdatesKey(NameId upstream, NameId source, DiscoveryResult result) {
  return {Metric::kDiscoveryUpdates, {.a = upstream, .b = source}, {.first = field(result)}};
}
constexpr GaugeKey discoveryStaleKey(NameId upstream) {  // gauge, nanoseconds
  return {Metric::kDiscoveryStale, {.a = upstream}};
}

constexpr CounterKey retriesKey(NameId upstream, NameId route, Reason reason,
                                RetryOutcome outcome) {
  return {Metric::kRetries,
          {.a = upstream, .b = route},
          {.first = field(reason), .second = field(outcome)}};
}
constexpr CounterKey retriesSuppressedKey(NameId upstream, RetryRefusal reason) {
  return {Metric::kRetriesSuppressed, {.a = upstream}, {.first = field(reason)}};
}
constexpr GaugeKey retryBudgetTokensKey(NameId upstream) {  // gauge, whole tokens
  return {Metric::kRetryBudgetTokens, {.a = upstream}};
}
constexpr CounterKey timeoutsKey(NameId route, TimeoutStage stage) {
  return {Metric::kTimeouts, {.a = route}, {.first = field(stage)}};
}
constexpr CounterKey limitRejectionsKey(LimitScope scope, LimitResource resource) {
  return {Metric::kLimitRejections, {}, {.first = field(scope), .second = field(resource)}};
}
// `status`: that of the mirror's response, 0 for none.
constexpr CounterKey mirrorRequestsKey(NameId upstream, NameId route, MirrorOutcome outcome,
                                       int status) {
  return {Metric::kMirrorRequests,
          {.a = upstream, .b = route},
          {.code = codeField(status), .first = field(outcome)}};
}
// `kind` is the index of an http::Flood.
constexpr CounterKey http2FloodsKey(NameId listener, unsigned kind) {
  return {Metric::kHttp2Floods, {.a = listener}, {.first = kind}};
}
constexpr CounterKey proxyProtocolHeadersKey(NameId listener, ProxyProtocolResult result) {
  return {Metric::kProxyProtocolHeaders, {.a = listener}, {.first = field(result)}};
}
// `result` is the index of a net::Handshake.
struct HandshakeLabels {
  unsigned result = 0;
  HandshakeReason reason = HandshakeReason::kNone;
  TlsVersion version = TlsVersion::kNone;
  bool resumed = false;
};
constexpr CounterKey tlsHandshakesKey(NameId listener, const HandshakeLabels& labels) {
  return {Metric::kTlsHandshakes,
          {.a = listener},
          {.code = static_cast<unsigned>(labels.reason),
           .first = labels.result,
           .second = field(labels.version) | (labels.resumed ? 1U << kSecondLowBits : 0U)}};
}
constexpr GaugeKey tlsCertificateExpiryKey(NameId certificate) {  // gauge, ns of the wall clock
  return {Metric::kTlsCertificateExpiry, {.a = certificate}};
}
// `peer`: the name required of a client, 0 if none was required; or the upstream.
constexpr CounterKey mtlsConnectionsKey(Direction direction, NameId peer, MtlsResult result) {
  return {
      Metric::kMtlsConnections, {.a = peer}, {.first = field(direction), .second = field(result)}};
}
constexpr CounterKey identityRefreshesKey(RefreshResult result) {
  return {Metric::kIdentityRefreshes, {}, {.first = field(result)}};
}
constexpr CounterKey authzDecisionsKey(NameId policy, AuthzDecision decision, AuthzMode mode) {
  return {
      Metric::kAuthzDecisions, {.a = policy}, {.first = field(decision), .second = field(mode)}};
}

constexpr CounterKey configReloadsKey(ReloadResult result) {
  return {Metric::kConfigReloads, {}, {.first = field(result)}};
}
constexpr GaugeKey buildInfoKey(NameId role, NameId version) {  // gauge, always 1
  return {Metric::kBuildInfo, {.a = role, .b = version}};
}
// Names such as "control" and "worker-0".
constexpr HistogramKey loopLagKey(NameId loop) { return {Metric::kLoopLag, {.a = loop}}; }
constexpr GaugeKey loopBusyRatioKey(NameId loop) {  // gauge, millionths
  return {Metric::kLoopBusyRatio, {.a = loop}};
}
constexpr GaugeKey memoryBytesKey(NameId kind) { return {Metric::kMemoryBytes, {.a = kind}}; }
constexpr CounterKey accessLogDroppedKey(NameId sink) {
  return {Metric::kAccessLogDropped, {.a = sink}};
}

// Families without labels.
constexpr CounterKey logDroppedKey() { return {Metric::kLogDropped, {}}; }
constexpr GaugeKey configLastReloadSuccessfulKey() {  // 0 or 1
  return {Metric::kConfigLastReloadSuccessful, {}};
}
constexpr GaugeKey configLastSuccessTimestampKey() {  // nanoseconds of the wall clock
  return {Metric::kConfigLastSuccessTimestamp, {}};
}
constexpr GaugeKey configGenerationKey() { return {Metric::kConfigGeneration, {}}; }
constexpr GaugeKey configActiveGenerationsKey() { return {Metric::kConfigActiveGenerations, {}}; }
constexpr HistogramKey configReloadDurationKey() { return {Metric::kConfigReloadDuration, {}}; }
constexpr GaugeKey overloadLevelKey() { return {Metric::kOverloadLevel, {}}; }
constexpr GaugeKey drainingKey() { return {Metric::kDraining, {}}; }  // 0 or 1
constexpr GaugeKey metricSeriesKey() { return {Metric::kMetricSeries, {}}; }
constexpr CounterKey metricSeriesDroppedKey() { return {Metric::kMetricSeriesDropped, {}}; }
constexpr HistogramKey scrapeDurationKey() { return {Metric::kScrapeDuration, {}}; }

}  // namespace weir
