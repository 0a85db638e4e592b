#pragma once

#include "core/base/metrics.h"
#include "core/http/codec.h"

// Metrics of downstream connections.
namespace weir::proxy {

enum class TransportProtocol : std::uint8_t { kTcp, kTls };
inline constexpr std::string_view kTransportWords[] = {"tcp", "tls"};
inline constexpr MetricLabel kTransportLabel = {"protocol", KeyPart::kFirst,
                                                wordOf<kTransportWords>};

inline constexpr GaugeFamily kConnectionsActiveFamily{
    "weir_connections_active", "Open downstream connections.", {kListenerLabel, kTransportLabel}};
constexpr GaugeKey connectionsActiveKey(NameId listener, TransportProtocol protocol) {
  return {kConnectionsActiveFamily, {.a = listener}, {.first = field(protocol)}};
}

inline constexpr CounterFamily kConnectionsOpenedFamily{"weir_connections_opened_total",
                                                        "Accepted downstream connections.",
                                                        {kListenerLabel, kTransportLabel}};
constexpr CounterKey connectionsOpenedKey(NameId listener, TransportProtocol protocol) {
  return {kConnectionsOpenedFamily, {.a = listener}, {.first = field(protocol)}};
}

inline constexpr CounterFamily kConnectionsClosedFamily{
    "weir_connections_closed_total",
    "Closed downstream connections; the reason is empty after an orderly close.",
    {kListenerLabel, kTransportLabel, {"reason", KeyPart::kSecond, reasonWord}}};
// kNone: closed cleanly.
constexpr CounterKey connectionsClosedKey(NameId listener, TransportProtocol protocol,
                                          Reason reason) {
  return {kConnectionsClosedFamily,
          {.a = listener},
          {.first = field(protocol), .second = field(reason)}};
}

enum class Detection : std::uint8_t { kHttp, kTcp, kTcpServerFirst };
inline constexpr std::string_view kDetectionWords[] = {"http", "tcp", "tcp_server_first"};

inline constexpr CounterFamily kProtocolDetectFamily{
    "weir_protocol_detect_total",
    "Connections of listeners that accept HTTP and TCP, by detected protocol.",
    {kListenerLabel, {"result", KeyPart::kFirst, wordOf<kDetectionWords>}}};
constexpr CounterKey protocolDetectKey(NameId listener, Detection result) {
  return {kProtocolDetectFamily, {.a = listener}, {.first = field(result)}};
}

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
inline constexpr std::string_view kProxyProtocolWords[] = {
    "v1", "v2", "absent", "untrusted", "missing", "broken", "timeout", "closed"};

inline constexpr CounterFamily kProxyProtocolHeadersFamily{
    "weir_proxy_protocol_headers_total",
    "Connections, by result of reading the PROXY protocol header.",
    {kListenerLabel, {"result", KeyPart::kFirst, wordOf<kProxyProtocolWords>}}};
constexpr CounterKey proxyProtocolHeadersKey(NameId listener, ProxyProtocolResult result) {
  return {kProxyProtocolHeadersFamily, {.a = listener}, {.first = field(result)}};
}

// In the order of http::Flood.
inline constexpr std::string_view kFloodWords[] = {"resets", "control_frames", "empty_frames",
                                                   "window_updates", "large_heads"};

inline constexpr CounterFamily kHttp2FloodsFamily{
    "weir_http2_floods_total",
    "HTTP/2 connections closed because the client exceeded a flood limit.",
    {kListenerLabel, {"kind", KeyPart::kFirst, wordOf<kFloodWords>}}};
constexpr CounterKey http2FloodsKey(NameId listener, http::Flood kind) {
  return {kHttp2FloodsFamily, {.a = listener}, {.first = field(kind)}};
}

inline constexpr CounterFamily kTcpReceivedBytesFamily{
    "weir_tcp_received_bytes_total",
    "Bytes received from clients of TCP connections.",
    {kListenerLabel, {"upstream", KeyPart::kNameB}},
    MetricUnit::kBytes};
constexpr CounterKey tcpReceivedBytesKey(NameId listener, NameId upstream) {
  return {kTcpReceivedBytesFamily, {.a = listener, .b = upstream}};
}

inline constexpr CounterFamily kTcpSentBytesFamily{"weir_tcp_sent_bytes_total",
                                                   "Bytes sent to clients of TCP connections.",
                                                   {kListenerLabel, {"upstream", KeyPart::kNameB}},
                                                   MetricUnit::kBytes};
constexpr CounterKey tcpSentBytesKey(NameId listener, NameId upstream) {
  return {kTcpSentBytesFamily, {.a = listener, .b = upstream}};
}

enum class RevokedKind : std::uint8_t { kConnection, kStream };
inline constexpr std::string_view kRevokedKindWords[] = {"connection", "stream"};

inline constexpr CounterFamily kRevokedFamily{
    "weir_revoked_total",
    "Open connections and streams of clients that were closed because policies, the trusted "
    "certificates or the revocation lists changed.",
    {kListenerLabel,
     {"kind", KeyPart::kFirst, wordOf<kRevokedKindWords>},
     {"reason", KeyPart::kSecond, reasonWord}}};
constexpr CounterKey revokedKey(NameId listener, RevokedKind kind, Reason reason) {
  return {kRevokedFamily, {.a = listener}, {.first = field(kind), .second = field(reason)}};
}

}  // namespace weir::proxy
