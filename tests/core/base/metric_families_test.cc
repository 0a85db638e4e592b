#include "core/base/metric_families.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/metric_keys.h"

namespace weir {
namespace {

TEST(MetricFamilies, HaveEachItsOwnName) {
  std::set<std::string_view> names;
  for (const MetricFamily& family : metricFamilies()) {
    EXPECT_TRUE(family.name.starts_with("weir_")) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
  }
  EXPECT_EQ(names.size(), kMetricCount);
}

TEST(MetricFamilies, EndInTotalWhenTheyCount) {
  for (const MetricFamily& family : metricFamilies()) {
    EXPECT_EQ(family.name.ends_with("_total"), family.type == MetricType::kCounter) << family.name;
  }
}

TEST(MetricFamilies, MeasureHistogramsInSeconds) {
  for (const MetricFamily& family : metricFamilies()) {
    if (family.type != MetricType::kHistogram) continue;
    EXPECT_TRUE(family.name.ends_with("_seconds")) << family.name;
    EXPECT_EQ(family.unit, MetricUnit::kNanoseconds) << family.name;
  }
}

TEST(MetricFamilies, TakeNoPartOfAKeyTwice) {
  for (const MetricFamily& family : metricFamilies()) {
    std::set<KeyPart> parts;
    for (const MetricLabel& label : family.labels) {
      if (label.name.empty()) continue;
      EXPECT_TRUE(parts.insert(label.part).second) << family.name << " " << label.name;
      const bool is_name = label.part <= KeyPart::kNameC;
      EXPECT_EQ(label.word == nullptr, is_name) << family.name << " " << label.name;
    }
  }
}

std::string wordOf(MetricKey key, std::string_view label_name) {
  for (const MetricLabel& label : familyOf(key.metric()).labels) {
    if (label.name != label_name) continue;
    switch (label.part) {
      case KeyPart::kCode:
        return std::string(label.word(key.fields().code));
      case KeyPart::kFirst:
        return std::string(label.word(key.fields().first));
      case KeyPart::kSecond:
        return std::string(label.word(key.fields().second));
      case KeyPart::kSecondLow:
        return std::string(label.word(key.fields().second & 15U));
      case KeyPart::kSecondHigh:
        return std::string(label.word(key.fields().second >> 4U));
      default:
        return "a name";
    }
  }
  return "no such label";
}

TEST(MetricKeys, ReadAsTheWordsOfTheirLabels) {
  const MetricKey requests = requestsKey(1, 2, 8, AppProtocol::kWebSocket, 101);
  EXPECT_EQ(wordOf(requests, "method"), "PATCH");
  EXPECT_EQ(wordOf(requests, "protocol"), "ws");
  EXPECT_EQ(wordOf(requests, "code"), "101");
  const MetricKey duration = requestDurationKey(1, 2, AppProtocol::kH2, 503);
  EXPECT_EQ(wordOf(duration, "protocol"), "h2");
  EXPECT_EQ(wordOf(duration, "code_class"), "5xx");
  const MetricKey local = localRepliesKey(1, 2, 404, Reason::kNoRoute);
  EXPECT_EQ(wordOf(local, "code"), "404");
  EXPECT_EQ(wordOf(local, "reason"), "no_route");
  const MetricKey closed =
      connectionsClosedKey(1, TransportProtocol::kTls, Reason::kOverloadConnections);
  EXPECT_EQ(wordOf(closed, "protocol"), "tls");
  EXPECT_EQ(wordOf(closed, "reason"), "overload_connections");
  EXPECT_EQ(wordOf(upstreamRequestsKey(1, 0, Reason::kNone), "code"), "none");
  EXPECT_EQ(wordOf(upstreamRequestsKey(1, 0, Reason::kNone), "reason"), "");
}

// The last enumerator of each enum has the last of its names.
TEST(MetricKeys, HaveAWordForEveryEnumerator) {
  EXPECT_EQ(wordOf(connectionsActiveKey(1, TransportProtocol::kUdp), "protocol"), "udp");
  EXPECT_EQ(wordOf(protocolDetectKey(1, Detection::kTcpServerFirst), "result"), "tcp_server_first");
  EXPECT_EQ(wordOf(upstreamAttemptDurationKey(1, AttemptOutcome::kCancel), "outcome"), "cancel");
  EXPECT_EQ(wordOf(upstreamConnectDurationKey(1, true), "tls"), "true");
  EXPECT_EQ(wordOf(upstreamConnectionFailuresKey(1, ConnectFailure::kUnreachable), "reason"),
            "unreachable");
  EXPECT_EQ(wordOf(upstreamEndpointsKey(1, EndpointState::kStale), "state"), "stale");
  const MetricKey update = discoveryUpdatesKey(1, 2, DiscoveryResult::kFailed);
  EXPECT_EQ(wordOf(update, "result"), "failed");
  const MetricKey retry = retriesKey(1, 2, Reason::kConfigDisabled, RetryOutcome::kFailure);
  EXPECT_EQ(wordOf(retry, "reason"), "config_disabled");
  EXPECT_EQ(wordOf(retry, "outcome"), "failure");
  EXPECT_EQ(wordOf(retriesSuppressedKey(1, RetryRefusal::kDeadline), "reason"), "deadline");
  EXPECT_EQ(wordOf(timeoutsKey(1, TimeoutStage::kStream), "stage"), "stream");
  const MetricKey limit = limitRejectionsKey(LimitScope::kEndpoint, LimitResource::kMemory);
  EXPECT_EQ(wordOf(limit, "scope"), "endpoint");
  EXPECT_EQ(wordOf(limit, "resource"), "memory");
  EXPECT_EQ(wordOf(mirrorRequestsKey(1, 2, MirrorOutcome::kSkipped, 0), "outcome"), "skipped");
  const MetricKey handshake =
      tlsHandshakesKey(1, {6, HandshakeReason::kExpired, TlsVersion::k13, true});
  EXPECT_EQ(wordOf(handshake, "result"), "unknown_name");
  EXPECT_EQ(wordOf(handshake, "reason"), "expired");
  EXPECT_EQ(wordOf(handshake, "version"), "1.3");
  EXPECT_EQ(wordOf(handshake, "resumed"), "true");
  EXPECT_EQ(wordOf(grpcRequestsKey(1, 16), "grpc_code"), "UNAUTHENTICATED");
  EXPECT_EQ(wordOf(grpcRequestsKey(1, kNoGrpcCode), "grpc_code"), "none");
  const MetricKey mtls = mtlsConnectionsKey(Direction::kOutbound, 1, MtlsResult::kFailed);
  EXPECT_EQ(wordOf(mtls, "direction"), "outbound");
  EXPECT_EQ(wordOf(mtls, "result"), "failed");
  EXPECT_EQ(wordOf(identityRefreshesKey(RefreshResult::kFailed), "result"), "failed");
  const MetricKey authz = authzDecisionsKey(1, AuthzDecision::kDeny, AuthzMode::kShadow);
  EXPECT_EQ(wordOf(authz, "decision"), "deny");
  EXPECT_EQ(wordOf(authz, "mode"), "shadow");
  EXPECT_EQ(wordOf(configReloadsKey(ReloadResult::kRejected), "result"), "rejected");
}

TEST(MetricKeys, ReadOtherWhenTheirSetWasFolded) {
  const MetricKey other = MetricKey::other(Metric::kRequests);
  EXPECT_EQ(wordOf(other, "method"), "__other__");
  EXPECT_EQ(wordOf(other, "protocol"), "__other__");
  EXPECT_EQ(wordOf(other, "code"), "__other__");
  EXPECT_EQ(wordOf(MetricKey::other(Metric::kLocalReplies), "reason"), "__other__");
}

const std::vector<CounterKey> kCounters = {
    requestsKey(1, 2, 0, AppProtocol::kH1, 200),
    requestBodyBytesKey(1, 2),
    responseBodyBytesKey(1, 2),
    localRepliesKey(1, 2, 404, Reason::kNoRoute),
    grpcRequestsKey(2, kNoGrpcCode),
    connectionsOpenedKey(1, TransportProtocol::kTcp),
    connectionsClosedKey(1, TransportProtocol::kTcp, Reason::kNone),
    protocolDetectKey(1, Detection::kHttp),
    tcpReceivedBytesKey(1, 2),
    tcpSentBytesKey(1, 2),
    upstreamRequestsKey(1, 200, Reason::kNone),
    upstreamConnectionFailuresKey(1, ConnectFailure::kRefused),
    upstreamReusedConnectionsKey(1),
    discoveryUpdatesKey(1, 2, DiscoveryResult::kChanged),
    retriesKey(1, 2, Reason::kNone, RetryOutcome::kSuccess),
    retriesSuppressedKey(1, RetryRefusal::kBudget),
    timeoutsKey(1, TimeoutStage::kConnect),
    limitRejectionsKey(LimitScope::kListener, LimitResource::kConnections),
    mirrorRequestsKey(1, 2, MirrorOutcome::kSent, 200),
    http2FloodsKey(1, 0),
    proxyProtocolHeadersKey(1, ProxyProtocolResult::kVersion1),
    tlsHandshakesKey(1, {0, HandshakeReason::kNone, TlsVersion::k13, false}),
    identityRefreshesKey(RefreshResult::kOk),
    mtlsConnectionsKey(Direction::kInbound, 1, MtlsResult::kOk),
    authzDecisionsKey(1, AuthzDecision::kAllow, AuthzMode::kEnforce),
    configReloadsKey(ReloadResult::kApplied),
    accessLogDroppedKey(1),
    logDroppedKey(),
    metricSeriesDroppedKey(),
};

const std::vector<GaugeKey> kGauges = {
    requestsInFlightKey(1),
    connectionsActiveKey(1, TransportProtocol::kTcp),
    upstreamConnectionsActiveKey(1),
    upstreamConnectionsIdleKey(1),
    upstreamQueueDepthKey(1),
    upstreamEndpointsKey(1, EndpointState::kHealthy),
    discoveryStaleKey(1),
    retryBudgetTokensKey(1),
    configLastReloadSuccessfulKey(),
    configLastSuccessTimestampKey(),
    configGenerationKey(),
    configActiveGenerationsKey(),
    drainingKey(),
    overloadLevelKey(),
    buildInfoKey(1, 2),
    loopBusyRatioKey(1),
    memoryBytesKey(1),
    tlsCertificateExpiryKey(1),
    metricSeriesKey(),
};

const std::vector<HistogramKey> kHistograms = {
    requestDurationKey(1, 2, AppProtocol::kH1, 200),
    timeToFirstByteKey(1, 2),
    upstreamAttemptDurationKey(1, AttemptOutcome::kOk),
    upstreamConnectDurationKey(1, false),
    upstreamPoolWaitKey(1),
    configReloadDurationKey(),
    loopLagKey(1),
    scrapeDurationKey(),
};

template <typename Keys>
std::set<Metric> familiesOf(const Keys& keys, MetricType type) {
  std::set<Metric> families;
  for (const MetricKey& key : keys) {
    EXPECT_EQ(familyOf(key.metric()).type, type) << familyOf(key.metric()).name;
    families.insert(key.metric());
  }
  return families;
}

TEST(MetricKeys, GiveHandlesOfTheTypeOfTheirFamily) {
  std::set<Metric> covered = familiesOf(kCounters, MetricType::kCounter);
  covered.merge(familiesOf(kGauges, MetricType::kGauge));
  covered.merge(familiesOf(kHistograms, MetricType::kHistogram));
  EXPECT_EQ(covered.size(), kMetricCount);  // each family is covered above
}

}  // namespace
}  // namespace weir
