#pragma once

#include "core/base/handshake_reason.h"
#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"
#include "core/net/security.h"
#include "core/tls/plaintext.h"

// Metrics of TLS: handshakes and certificates.
namespace weir::tls {

void addMetrics(MetricFamilies& families);

// In the order of net::Handshake.
inline constexpr std::string_view kHandshakeWords[] = {"ok",
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
static_assert(std::size(kHandshakeWords) ==
              static_cast<std::size_t>(net::Handshake::kInternal) + 1);
std::string_view handshakeReasonWord(unsigned value);

enum class TlsVersion : std::uint8_t { kNone, k12, k13 };
inline constexpr std::string_view kTlsVersionWords[] = {"none", "1.2", "1.3"};

inline constexpr CounterFamily kHandshakesFamily{
    "weir_tls_handshakes_total",
    "TLS handshakes with clients, by result and reason: the fault of the client's certificate, or "
    "the alert that the client sent.",
    {kListenerLabel,
     {"result", KeyPart::kFirst, wordOf<kHandshakeWords>},
     {"reason", KeyPart::kCode, handshakeReasonWord},
     {"version", KeyPart::kSecondLow, wordOf<kTlsVersionWords>},
     {"resumed", KeyPart::kSecondHigh, booleanWord}}};
struct HandshakeLabels {
  net::Handshake result = net::Handshake::kOk;
  HandshakeReason reason = HandshakeReason::kNone;
  TlsVersion version = TlsVersion::kNone;
  bool resumed = false;
};
constexpr CounterKey handshakesKey(NameId listener, const HandshakeLabels& labels) {
  return {kHandshakesFamily,
          {.a = listener},
          {.code = field(labels.reason),
           .first = field(labels.result),
           .second = field(labels.version) | (labels.resumed ? 1U << kSecondLowBits : 0U)}};
}

inline constexpr GaugeFamily kCertificateExpiryFamily{
    "weir_tls_certificate_expiry_timestamp_seconds",
    "Expiry of a certificate in use, in seconds since 1970.",
    {{"cert", KeyPart::kNameA}},
    MetricUnit::kNanoseconds};
constexpr GaugeKey certificateExpiryKey(NameId certificate) {  // ns of the wall clock
  return {kCertificateExpiryFamily, {.a = certificate}};
}

enum class Direction : std::uint8_t { kInbound, kOutbound };
inline constexpr std::string_view kDirectionWords[] = {"inbound", "outbound"};
enum class MtlsResult : std::uint8_t {
  kOk,
  kFailed,
  kPlaintext,  // without TLS, and admitted
  kRefused,    // HTTP without TLS, and refused
};
inline constexpr std::string_view kMtlsResultWords[] = {"ok", "failed", "plaintext", "refused"};
// In the order of Plaintext.
inline constexpr std::string_view kMtlsModeWords[] = {"strict", "permissive", "audit"};

inline constexpr CounterFamily kMtlsConnectionsFamily{
    "weir_mtls_connections_total",
    "Connections for which mutual TLS is configured, by the name required of the peer, or the "
    "upstream. Before the mode becomes strict, `plaintext` must not grow any more.",
    {{"direction", KeyPart::kFirst, wordOf<kDirectionWords>},
     {"peer_service", KeyPart::kNameA},
     {"mode", KeyPart::kCode, wordOf<kMtlsModeWords>},
     {"result", KeyPart::kSecond, wordOf<kMtlsResultWords>}}};
// `peer`: the name required of a client, 0 if none was required; or the upstream.
constexpr CounterKey mtlsConnectionsKey(Direction direction, NameId peer, MtlsResult result,
                                        Plaintext plaintext = Plaintext::kRefuse) {
  return {kMtlsConnectionsFamily,
          {.a = peer},
          {.code = field(plaintext), .first = field(direction), .second = field(result)}};
}

}  // namespace weir::tls
