#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"
#include "core/upstream/outcome.h"

// Metrics of upstreams: attempts, connections, endpoints and discovery.
namespace weir::upstream {

void addMetrics(MetricFamilies& families);

inline constexpr CounterFamily kRequestsFamily{
    "weir_upstream_requests_total",
    "Attempts sent to upstreams, by the status of the response; none for TCP.",
    {kUpstreamLabel, kCodeLabel, kReasonLabel}};
// Status 0: the attempt ended without a response.
constexpr CounterKey upstreamRequestsKey(NameId upstream, int status, Reason reason) {
  return {kRequestsFamily, {.a = upstream}, {.code = codeField(status), .first = field(reason)}};
}

inline constexpr std::string_view kAttemptOutcomeWords[] = {"ok", "error", "timeout", "cancel",
                                                            "limited"};

inline constexpr HistogramFamily kAttemptDurationFamily{
    "weir_upstream_attempt_duration_seconds",
    "Time from the start of an attempt to the end of its response, by its classification.",
    {kUpstreamLabel, {"outcome", KeyPart::kFirst, wordOf<kAttemptOutcomeWords>}}};
constexpr HistogramKey upstreamAttemptDurationKey(NameId upstream, AttemptOutcome outcome) {
  return {kAttemptDurationFamily, {.a = upstream}, {.first = field(outcome)}};
}

inline constexpr HistogramFamily kConnectDurationFamily{
    "weir_upstream_connect_duration_seconds",
    "Time to open a connection to an endpoint.",
    {kUpstreamLabel, {"tls", KeyPart::kFirst, booleanWord}}};
constexpr HistogramKey upstreamConnectDurationKey(NameId upstream, bool tls) {
  return {kConnectDurationFamily, {.a = upstream}, {.first = field(tls)}};
}

inline constexpr GaugeFamily kConnectionsActiveFamily{
    "weir_upstream_connections_active", "Open upstream connections.", {kUpstreamLabel}};
constexpr GaugeKey upstreamConnectionsActiveKey(NameId upstream) {
  return {kConnectionsActiveFamily, {.a = upstream}};
}

inline constexpr GaugeFamily kConnectionsIdleFamily{
    "weir_upstream_connections_idle", "Idle upstream connections in the pool.", {kUpstreamLabel}};
constexpr GaugeKey upstreamConnectionsIdleKey(NameId upstream) {
  return {kConnectionsIdleFamily, {.a = upstream}};
}

enum class ConnectFailure : std::uint8_t { kRefused, kTimeout, kTls, kReset, kUnreachable };
inline constexpr std::string_view kConnectFailureWords[] = {"refused", "timeout", "tls", "reset",
                                                            "unreachable"};

inline constexpr CounterFamily kConnectionFailuresFamily{
    "weir_upstream_connection_failures_total",
    "Failed connection attempts to endpoints.",
    {kUpstreamLabel, {"reason", KeyPart::kFirst, wordOf<kConnectFailureWords>}}};
constexpr CounterKey upstreamConnectionFailuresKey(NameId upstream, ConnectFailure reason) {
  return {kConnectionFailuresFamily, {.a = upstream}, {.first = field(reason)}};
}

inline constexpr HistogramFamily kPoolWaitFamily{"weir_upstream_pool_wait_seconds",
                                                 "Time that an attempt waited for a connection.",
                                                 {kUpstreamLabel}};
constexpr HistogramKey upstreamPoolWaitKey(NameId upstream) {
  return {kPoolWaitFamily, {.a = upstream}};
}

inline constexpr GaugeFamily kQueueDepthFamily{
    "weir_upstream_queue_depth", "Attempts waiting for a connection.", {kUpstreamLabel}};
constexpr GaugeKey upstreamQueueDepthKey(NameId upstream) {
  return {kQueueDepthFamily, {.a = upstream}};
}

// kUnhealthy: by active health checks.
enum class EndpointState : std::uint8_t { kHealthy, kStale, kDraining, kUnhealthy };
inline constexpr std::string_view kEndpointStateWords[] = {"healthy", "stale", "draining",
                                                           "unhealthy"};

inline constexpr GaugeFamily kEndpointsFamily{
    "weir_upstream_endpoints",
    "Endpoints by state.",
    {kUpstreamLabel, {"state", KeyPart::kFirst, wordOf<kEndpointStateWords>}}};
constexpr GaugeKey upstreamEndpointsKey(NameId upstream, EndpointState state) {
  return {kEndpointsFamily, {.a = upstream}, {.first = field(state)}};
}

inline constexpr GaugeFamily kPanicFamily{
    "weir_upstream_panic",
    "Workers that spread requests over all endpoints, because too few are usable.",
    {kUpstreamLabel}};
constexpr GaugeKey upstreamPanicKey(NameId upstream) { return {kPanicFamily, {.a = upstream}}; }

inline constexpr CounterFamily kReusedConnectionsFamily{"weir_upstream_reused_connections_total",
                                                        "Attempts sent on a reused connection.",
                                                        {kUpstreamLabel}};
constexpr CounterKey upstreamReusedConnectionsKey(NameId upstream) {
  return {kReusedConnectionsFamily, {.a = upstream}};
}

// kHeld: there are no endpoints any more, which is not believed yet.
enum class DiscoveryResult : std::uint8_t { kChanged, kUnchanged, kFailed, kHeld };
inline constexpr std::string_view kDiscoveryResultWords[] = {"changed", "unchanged", "failed",
                                                             "held"};

inline constexpr CounterFamily kDiscoveryUpdatesFamily{
    "weir_discovery_updates_total",
    "Results of discovery.",
    {kUpstreamLabel,
     {"source", KeyPart::kNameB},
     {"result", KeyPart::kSecond, wordOf<kDiscoveryResultWords>}}};
// `source`: the name of the kind of discovery, such as "dns".
constexpr CounterKey discoveryUpdatesKey(NameId upstream, NameId source, DiscoveryResult result) {
  return {kDiscoveryUpdatesFamily, {.a = upstream, .b = source}, {.second = field(result)}};
}

inline constexpr GaugeFamily kDiscoveryStaleFamily{
    "weir_discovery_stale_seconds",
    "Age of the endpoints in use since discovery began to fail; 0 while it works.",
    {kUpstreamLabel},
    MetricUnit::kNanoseconds};
constexpr GaugeKey discoveryStaleKey(NameId upstream) {
  return {kDiscoveryStaleFamily, {.a = upstream}};
}

inline constexpr GaugeFamily kDiscoveryLastUpdateFamily{
    "weir_discovery_last_update_timestamp_seconds",
    "Time of the latest change of the endpoints, since 1970.",
    {kUpstreamLabel},
    MetricUnit::kNanoseconds};
constexpr GaugeKey discoveryLastUpdateKey(NameId upstream) {
  return {kDiscoveryLastUpdateFamily, {.a = upstream}};
}

inline constexpr HistogramFamily kDiscoveryLagFamily{
    "weir_discovery_lag_seconds",
    "Time from the arrival of a change of the endpoints until workers are notified.",
    {kUpstreamLabel}};
constexpr HistogramKey discoveryLagKey(NameId upstream) {
  return {kDiscoveryLagFamily, {.a = upstream}};
}

enum class RetryOutcome : std::uint8_t { kSuccess, kFailure };
inline constexpr std::string_view kRetryOutcomeWords[] = {"success", "failure"};

inline constexpr CounterFamily kRetriesFamily{
    "weir_retries_total",
    "Retries, by cause and outcome.",
    {kUpstreamLabel,
     kRouteLabel,
     kReasonLabel,
     {"outcome", KeyPart::kSecond, wordOf<kRetryOutcomeWords>}}};
constexpr CounterKey retriesKey(NameId upstream, NameId route, Reason reason,
                                RetryOutcome outcome) {
  return {kRetriesFamily,
          {.a = upstream, .b = route},
          {.first = field(reason), .second = field(outcome)}};
}

enum class RetryRefusal : std::uint8_t {
  kBudget,
  kLimit,
  kBodyTooLarge,
  kNotIdempotent,
  kPushback,    // the upstream asks for no retry, or for a pause that is too long
  kDeadline,    // the request's time is over before the retry would begin
  kMaxRetries,  // max_retries of the upstream
};
inline constexpr std::string_view kRetryRefusalWords[] = {
    "budget", "limit", "body_too_large", "not_idempotent", "pushback", "deadline", "max_retries"};

inline constexpr CounterFamily kRetriesSuppressedFamily{
    "weir_retries_suppressed_total",
    "Retries that were not made, by cause.",
    {kUpstreamLabel, {"reason", KeyPart::kFirst, wordOf<kRetryRefusalWords>}}};
constexpr CounterKey retriesSuppressedKey(NameId upstream, RetryRefusal reason) {
  return {kRetriesSuppressedFamily, {.a = upstream}, {.first = field(reason)}};
}

inline constexpr GaugeFamily kRetryBudgetTokensFamily{
    "weir_retry_budget_tokens",
    "Retries that the retry budget of the upstream allows now.",
    {kUpstreamLabel}};
constexpr GaugeKey retryBudgetTokensKey(NameId upstream) {
  return {kRetryBudgetTokensFamily, {.a = upstream}};
}

inline constexpr CounterFamily kRevokedFamily{
    "weir_upstream_revoked_total",
    "Open connections to endpoints that were closed because the trusted certificates or the "
    "revocation lists changed.",
    {kUpstreamLabel}};
constexpr CounterKey upstreamRevokedKey(NameId upstream) {
  return {kRevokedFamily, {.a = upstream}};
}

}  // namespace weir::upstream
