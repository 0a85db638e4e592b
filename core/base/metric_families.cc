#include "core/base/metric_families.h"

#include "core/base/handshake_reason.h"
#include "core/base/reason.h"

namespace weir {
namespace {

using Words = std::string_view[];
using enum KeyPart;

// In the order of http::Method and of the enums of metric_keys.h.
constexpr Words kMethods = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                            "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER"};
constexpr Words kAppProtocols = {"h1", "h2", "h3", "grpc", "ws"};
// The status codes of gRPC in order; then any other code, and no code.
constexpr Words kGrpcCodes = {"OK",
                              "CANCELLED",
                              "UNKNOWN",
                              "INVALID_ARGUMENT",
                              "DEADLINE_EXCEEDED",
                              "NOT_FOUND",
                              "ALREADY_EXISTS",
                              "PERMISSION_DENIED",
                              "RESOURCE_EXHAUSTED",
                              "FAILED_PRECONDITION",
                              "ABORTED",
                              "OUT_OF_RANGE",
                              "UNIMPLEMENTED",
                              "INTERNAL",
                              "UNAVAILABLE",
                              "DATA_LOSS",
                              "UNAUTHENTICATED",
                              "_OTHER",
                              "none"};
constexpr Words kTransports = {"tcp", "tls", "quic", "udp"};
constexpr Words kDetections = {"http", "tcp", "tcp_server_first"};
constexpr Words kCodeClasses = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr Words kAttemptOutcomes = {"ok", "error", "timeout", "cancel"};
constexpr Words kBooleans = {"false", "true"};
constexpr Words kConnectFailures = {"refused", "timeout", "tls", "dns", "reset", "unreachable"};
constexpr Words kEndpointStates = {"healthy",  "degraded", "unhealthy", "ejected",
                                   "draining", "warming",  "stale"};
constexpr Words kDiscoveryResults = {"changed", "unchanged", "failed"};
constexpr Words kRetryOutcomes = {"success", "failure"};
constexpr Words kRetryRefusals = {"budget",           "limit",   "body_too_large", "not_idempotent",
                                  "response_started", "deadline"};
constexpr Words kTimeoutStages = {"connect", "headers", "per_try", "request",
                                  "idle",    "stream",  "send"};
constexpr Words kLimitScopes = {"listener", "route", "upstream", "endpoint"};
constexpr Words kLimitResources = {"connections", "requests", "pending", "memory"};
constexpr Words kMirrorOutcomes = {"sent", "failed", "skipped"};
constexpr Words kReloadResults = {"applied", "unchanged", "rejected"};
constexpr Words kFloods = {"resets", "control_frames", "empty_frames", "window_updates",
                           "large_heads"};
constexpr Words kProxyProtocolResults = {"v1",      "v2",     "absent",  "untrusted",
                                         "missing", "broken", "timeout", "closed"};
constexpr Words kHandshakes = {"ok",
                               "closed",
                               "timeout",
                               "protocol",
                               "version",
                               "cipher",
                               "unknown_name",
                               "no_peer_certificate",
                               "bad_peer_certificate",
                               "peer_alert",
                               "overload",
                               "internal"};
constexpr Words kDirections = {"inbound", "outbound"};
constexpr Words kMtlsResults = {"ok", "failed"};
constexpr Words kRefreshResults = {"ok", "failed"};
constexpr Words kTlsVersions = {"none", "1.2", "1.3"};
constexpr Words kDecisions = {"allow", "deny"};
constexpr Words kAuthzModes = {"enforce", "shadow"};

// Three digits for each number from 0 to 599.
constexpr std::array<char, 1800> codeDigits() {
  std::array<char, 1800> digits{};
  for (std::size_t code = 0; code < 600; ++code) {
    digits[3 * code] = static_cast<char>('0' + code / 100);
    digits[3 * code + 1] = static_cast<char>('0' + code / 10 % 10);
    digits[3 * code + 2] = static_cast<char>('0' + code % 10);
  }
  return digits;
}
constexpr std::array<char, 1800> kCodeDigits = codeDigits();

template <const auto& kWords>
std::string_view wordOf(unsigned value) {
  return value < std::size(kWords) ? kWords[value] : kOtherLabel;
}

std::string_view reasonWord(unsigned value) {
  return value < kReasonCount ? toString(static_cast<Reason>(value)) : kOtherLabel;
}

std::string_view handshakeReasonWord(unsigned value) {
  return value < kHandshakeReasonCount ? toString(static_cast<HandshakeReason>(value))
                                       : kOtherLabel;
}

std::string_view codeWord(unsigned value) {
  if (value == 0) return "none";
  if (value < 100 || value > 599) return kOtherLabel;
  return {&kCodeDigits[std::size_t{3} * value], 3};
}

constexpr MetricLabel kListener = {"listener", kNameA};
constexpr MetricLabel kRoute = {"route", kNameB};
constexpr MetricLabel kUpstream = {"upstream", kNameA};
constexpr MetricLabel kCodeLabel = {"code", kCode, codeWord};
constexpr MetricLabel kFirstReason = {"reason", kFirst, reasonWord};
constexpr MetricLabel kTransport = {"protocol", kFirst, wordOf<kTransports>};

using enum Metric;
using enum MetricType;
using enum MetricUnit;

constexpr MetricFamily kFamilies[] = {
    {kRequests,
     "weir_requests_total",
     "Requests, by the status of the response.",
     kCounter,
     kOne,
     {{kListener,
       kRoute,
       {"method", kFirst, wordOf<kMethods>},
       {"protocol", kSecond, wordOf<kAppProtocols>},
       kCodeLabel}}},
    {kRequestDuration,
     "weir_request_duration_seconds",
     "Time from the first byte of a request to the last byte of its response.",
     kHistogram,
     kNanoseconds,
     {{kListener,
       kRoute,
       {"protocol", kFirst, wordOf<kAppProtocols>},
       {"code_class", kSecond, wordOf<kCodeClasses>}}}},
    {kTimeToFirstByte,
     "weir_time_to_first_byte_seconds",
     "Time from the first byte of a request to the first byte of its response.",
     kHistogram,
     kNanoseconds,
     {{kListener, kRoute}}},
    {kRequestsInFlight,
     "weir_requests_in_flight",
     "Requests in flight.",
     kGauge,
     kOne,
     {{kListener}}},
    {kRequestBodyBytes,
     "weir_request_body_bytes_total",
     "Bytes of request bodies received from downstream.",
     kCounter,
     kOne,
     {{kListener, kRoute}}},
    {kResponseBodyBytes,
     "weir_response_body_bytes_total",
     "Bytes of response bodies sent downstream.",
     kCounter,
     kOne,
     {{kListener, kRoute}}},
    {kLocalReplies,
     "weir_local_replies_total",
     "Responses generated by weir, by reason.",
     kCounter,
     kOne,
     {{kListener, kRoute, kCodeLabel, kFirstReason, {"filter", kNameC}}}},
    {kGrpcRequests,
     "weir_grpc_requests_total",
     "gRPC calls, by status.",
     kCounter,
     kOne,
     {{kRoute, {"grpc_code", kFirst, wordOf<kGrpcCodes>}}}},
    {kConnectionsActive,
     "weir_connections_active",
     "Open downstream connections.",
     kGauge,
     kOne,
     {{kListener, kTransport}}},
    {kConnectionsOpened,
     "weir_connections_opened_total",
     "Accepted downstream connections.",
     kCounter,
     kOne,
     {{kListener, kTransport}}},
    {kConnectionsClosed,
     "weir_connections_closed_total",
     "Closed downstream connections; the reason is empty after an orderly close.",
     kCounter,
     kOne,
     {{kListener, kTransport, {"reason", kSecond, reasonWord}}}},
    {kProtocolDetect,
     "weir_protocol_detect_total",
     "Connections of listeners that accept HTTP and TCP, by detected protocol.",
     kCounter,
     kOne,
     {{kListener, {"result", kFirst, wordOf<kDetections>}}}},
    {kTcpReceivedBytes,
     "weir_tcp_received_bytes_total",
     "Bytes received from clients of TCP connections.",
     kCounter,
     kOne,
     {{kListener, {"upstream", kNameB}}}},
    {kTcpSentBytes,
     "weir_tcp_sent_bytes_total",
     "Bytes sent to clients of TCP connections.",
     kCounter,
     kOne,
     {{kListener, {"upstream", kNameB}}}},
    {kUpstreamRequests,
     "weir_upstream_requests_total",
     "Attempts sent to upstreams, by the status of the response; none for TCP.",
     kCounter,
     kOne,
     {{kUpstream, kCodeLabel, kFirstReason}}},
    {kUpstreamAttemptDuration,
     "weir_upstream_attempt_duration_seconds",
     "Time from the start of an attempt to the end of its response.",
     kHistogram,
     kNanoseconds,
     {{kUpstream, {"outcome", kFirst, wordOf<kAttemptOutcomes>}}}},
    {kUpstreamConnectDuration,
     "weir_upstream_connect_duration_seconds",
     "Time to open a connection to an endpoint.",
     kHistogram,
     kNanoseconds,
     {{kUpstream, {"tls", kFirst, wordOf<kBooleans>}}}},
    {kUpstreamConnectionsActive,
     "weir_upstream_connections_active",
     "Open upstream connections.",
     kGauge,
     kOne,
     {{kUpstream}}},
    {kUpstreamConnectionsIdle,
     "weir_upstream_connections_idle",
     "Idle upstream connections in the pool.",
     kGauge,
     kOne,
     {{kUpstream}}},
    {kUpstreamConnectionFailures,
     "weir_upstream_connection_failures_total",
     "Failed connection attempts to endpoints.",
     kCounter,
     kOne,
     {{kUpstream, {"reason", kFirst, wordOf<kConnectFailures>}}}},
    {kUpstreamPoolWait,
     "weir_upstream_pool_wait_seconds",
     "Time that an attempt waited for a connection.",
     kHistogram,
     kNanoseconds,
     {{kUpstream}}},
    {kUpstreamQueueDepth,
     "weir_upstream_queue_depth",
     "Attempts waiting for a connection.",
     kGauge,
     kOne,
     {{kUpstream}}},
    {kUpstreamEndpoints,
     "weir_upstream_endpoints",
     "Endpoints by state.",
     kGauge,
     kOne,
     {{kUpstream, {"state", kFirst, wordOf<kEndpointStates>}}}},
    {kUpstreamReusedConnections,
     "weir_upstream_reused_connections_total",
     "Attempts sent on a reused connection.",
     kCounter,
     kOne,
     {{kUpstream}}},
    {kDiscoveryUpdates,
     "weir_discovery_updates_total",
     "Results of discovery.",
     kCounter,
     kOne,
     {{kUpstream, {"source", kNameB}, {"result", kFirst, wordOf<kDiscoveryResults>}}}},
    {kDiscoveryStale,
     "weir_discovery_stale_seconds",
     "Age of the endpoints in use since discovery began to fail; 0 while it works.",
     kGauge,
     kNanoseconds,
     {{kUpstream}}},
    {kRetries,
     "weir_retries_total",
     "Retries, by cause and outcome.",
     kCounter,
     kOne,
     {{kUpstream, kRoute, kFirstReason, {"outcome", kSecond, wordOf<kRetryOutcomes>}}}},
    {kRetriesSuppressed,
     "weir_retries_suppressed_total",
     "Retries that were not made, by cause.",
     kCounter,
     kOne,
     {{kUpstream, {"reason", kFirst, wordOf<kRetryRefusals>}}}},
    {kRetryBudgetTokens,
     "weir_retry_budget_tokens",
     "Retries that the budget currently allows.",
     kGauge,
     kOne,
     {{kUpstream}}},
    {kTimeouts,
     "weir_timeouts_total",
     "Expired timeouts.",
     kCounter,
     kOne,
     {{{"route", kNameA}, {"stage", kFirst, wordOf<kTimeoutStages>}}}},
    {kLimitRejections,
     "weir_limit_rejections_total",
     "Requests and connections refused by a limit.",
     kCounter,
     kOne,
     {{{"scope", kFirst, wordOf<kLimitScopes>}, {"resource", kSecond, wordOf<kLimitResources>}}}},
    {kMirrorRequests,
     "weir_mirror_requests_total",
     "Mirrored requests, by the status of the response.",
     kCounter,
     kOne,
     {{kUpstream, kRoute, {"outcome", kFirst, wordOf<kMirrorOutcomes>}, kCodeLabel}}},
    {kHttp2Floods,
     "weir_http2_floods_total",
     "HTTP/2 connections closed because the client exceeded a flood limit.",
     kCounter,
     kOne,
     {{kListener, {"kind", kFirst, wordOf<kFloods>}}}},
    {kProxyProtocolHeaders,
     "weir_proxy_protocol_headers_total",
     "Connections, by result of reading the PROXY protocol header.",
     kCounter,
     kOne,
     {{kListener, {"result", kFirst, wordOf<kProxyProtocolResults>}}}},
    {kTlsHandshakes,
     "weir_tls_handshakes_total",
     "TLS handshakes with clients, by result and reason: the fault of the client's certificate, or "
     "the alert that the client sent.",
     kCounter,
     kOne,
     {{kListener,
       {"result", kFirst, wordOf<kHandshakes>},
       {"reason", kCode, handshakeReasonWord},
       {"version", kSecondLow, wordOf<kTlsVersions>},
       {"resumed", kSecondHigh, wordOf<kBooleans>}}}},
    {kTlsCertificateExpiry,
     "weir_tls_certificate_expiry_timestamp_seconds",
     "Expiry of a certificate in use, in seconds since 1970.",
     kGauge,
     kNanoseconds,
     {{{"cert", kNameA}}}},
    {kMtlsConnections,
     "weir_mtls_connections_total",
     "Mutual TLS handshakes, by the name required of the peer, or the upstream.",
     kCounter,
     kOne,
     {{{"direction", kFirst, wordOf<kDirections>},
       {"peer_service", kNameA},
       {"result", kSecond, wordOf<kMtlsResults>}}}},
    {kIdentityRefreshes,
     "weir_identity_refreshes_total",
     "Reloaded certificates: accepted, or rejected in favor of the one in use.",
     kCounter,
     kOne,
     {{{"result", kFirst, wordOf<kRefreshResults>}}}},
    {kAuthzDecisions,
     "weir_authz_decisions_total",
     "Decisions of authorization policies.",
     kCounter,
     kOne,
     {{{"policy", kNameA},
       {"decision", kFirst, wordOf<kDecisions>},
       {"mode", kSecond, wordOf<kAuthzModes>}}}},
    {kConfigReloads,
     "weir_config_reloads_total",
     "Reloads of the configuration, by result.",
     kCounter,
     kOne,
     {{{"result", kFirst, wordOf<kReloadResults>}}}},
    {kConfigLastReloadSuccessful,
     "weir_config_last_reload_successful",
     "1 if the latest reload was applied or changed nothing, 0 if it was rejected.",
     kGauge,
     kOne,
     {}},
    {kConfigLastSuccessTimestamp,
     "weir_config_last_success_timestamp_seconds",
     "Time of the last applied configuration, in seconds since 1970.",
     kGauge,
     kNanoseconds,
     {}},
    {kConfigGeneration,
     "weir_config_generation",
     "Number of the configuration in force.",
     kGauge,
     kOne,
     {}},
    {kConfigActiveGenerations,
     "weir_config_active_generations",
     "Configurations still in use by requests or tunnels.",
     kGauge,
     kOne,
     {}},
    {kConfigReloadDuration,
     "weir_config_reload_duration_seconds",
     "Time to read, check and publish a configuration.",
     kHistogram,
     kNanoseconds,
     {}},
    {kOverloadLevel,
     "weir_overload_level",
     "Load shedding for lack of memory: 0 none, 1 connections are refused, 2 streams are reset, "
     "too.",
     kGauge,
     kOne,
     {}},
    {kDraining, "weir_draining", "1 while the process drains.", kGauge, kOne, {}},
    {kBuildInfo,
     "weir_build_info",
     "Always 1; the labels contain role and version.",
     kGauge,
     kOne,
     {{{"role", kNameA}, {"version", kNameB}}}},
    {kLoopLag,
     "weir_loop_lag_seconds",
     "Delay of an event loop's timers.",
     kHistogram,
     kNanoseconds,
     {{{"loop", kNameA}}}},
    {kLoopBusyRatio,
     "weir_loop_busy_ratio",
     "Share of the time that an event loop was busy.",
     kGauge,
     kMillionths,
     {{{"loop", kNameA}}}},
    {kMemoryBytes,
     "weir_memory_bytes",
     "Memory in use, by kind.",
     kGauge,
     kOne,
     {{{"kind", kNameA}}}},
    {kAccessLogDropped,
     "weir_access_log_dropped_total",
     "Access log lines that were dropped.",
     kCounter,
     kOne,
     {{{"sink", kNameA}}}},
    {kLogDropped,
     "weir_log_dropped_total",
     "Lines of the process log that were dropped.",
     kCounter,
     kOne,
     {}},
    {kMetricSeries, "weir_metric_series", "Label sets in memory.", kGauge, kOne, {}},
    {kMetricSeriesDropped,
     "weir_metric_series_dropped_total",
     "Lookups of label sets that exceeded the limit and were counted as __other__.",
     kCounter,
     kOne,
     {}},
    {kScrapeDuration,
     "weir_scrape_duration_seconds",
     "Time to collect and write the metrics.",
     kHistogram,
     kNanoseconds,
     {}},
};

constexpr bool rowsAreInOrder() {
  for (std::size_t i = 0; i < std::size(kFamilies); ++i) {
    if (static_cast<std::size_t>(kFamilies[i].metric) != i) return false;
  }
  return std::size(kFamilies) == kMetricCount;
}
static_assert(rowsAreInOrder());

}  // namespace

const MetricFamily& familyOf(Metric metric) { return kFamilies[static_cast<std::size_t>(metric)]; }

std::span<const MetricFamily> metricFamilies() { return kFamilies; }

}  // namespace weir
