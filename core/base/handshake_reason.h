#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

namespace weir {

// The cause of a failed TLS handshake, where the result alone is not specific: the fault found in
// the peer, or the alert that the peer sent. Bounded, so that it may be a label.
enum class HandshakeReason : std::uint8_t {
  kNone,
  kExpired,
  kNotYetValid,
  kUntrusted,  // no chain to a trusted root
  kRevoked,
  kNoRevocationList,  // no current one of an issuer
  kWrongPurpose,      // a certificate not meant for clients, or not for servers
  kWeak,              // a short key or a SHA-1 signature
  kMalformed,         // an invalid name in the certificate
  kWrongName,         // none of the required names or hashes
  kPlainHttp,         // HTTP without TLS
  kNoIdentity,        // this node has no valid identity of its own
  kOtherAlert,        // an unnamed alert of the peer; the named ones follow in the order of kAlerts
  kFirstAlert,
};

struct TlsAlert {
  std::uint8_t number;  // RFC 8446, 6
  std::string_view detail;

  static constexpr std::string_view kPrefix = "TLS alert from the peer: ";
  constexpr std::string_view word() const { return detail.substr(kPrefix.size()); }
};

inline constexpr TlsAlert kAlerts[] = {
    {10, "TLS alert from the peer: unexpected_message"},
    {20, "TLS alert from the peer: bad_record_mac"},
    {22, "TLS alert from the peer: record_overflow"},
    {40, "TLS alert from the peer: handshake_failure"},
    {42, "TLS alert from the peer: bad_certificate"},
    {43, "TLS alert from the peer: unsupported_certificate"},
    {44, "TLS alert from the peer: certificate_revoked"},
    {45, "TLS alert from the peer: certificate_expired"},
    {46, "TLS alert from the peer: certificate_unknown"},
    {47, "TLS alert from the peer: illegal_parameter"},
    {48, "TLS alert from the peer: unknown_ca"},
    {49, "TLS alert from the peer: access_denied"},
    {50, "TLS alert from the peer: decode_error"},
    {51, "TLS alert from the peer: decrypt_error"},
    {70, "TLS alert from the peer: protocol_version"},
    {71, "TLS alert from the peer: insufficient_security"},
    {80, "TLS alert from the peer: internal_error"},
    {86, "TLS alert from the peer: inappropriate_fallback"},
    {90, "TLS alert from the peer: user_canceled"},
    {109, "TLS alert from the peer: missing_extension"},
    {110, "TLS alert from the peer: unsupported_extension"},
    {112, "TLS alert from the peer: unrecognized_name"},
    {113, "TLS alert from the peer: bad_certificate_status_response"},
    {115, "TLS alert from the peer: unknown_psk_identity"},
    {116, "TLS alert from the peer: certificate_required"},
    {120, "TLS alert from the peer: no_application_protocol"},
};

inline constexpr unsigned kHandshakeReasonCount =
    static_cast<unsigned>(HandshakeReason::kFirstAlert) + std::size(kAlerts);

constexpr HandshakeReason reasonOfAlert(int number) {
  for (std::size_t i = 0; i < std::size(kAlerts); ++i) {
    if (kAlerts[i].number != number) continue;
    return static_cast<HandshakeReason>(static_cast<std::size_t>(HandshakeReason::kFirstAlert) + i);
  }
  return HandshakeReason::kOtherAlert;
}

// "TLS alert from the peer: unknown_ca". `reason` is an alert.
constexpr std::string_view alertDetail(HandshakeReason reason) {
  if (reason < HandshakeReason::kFirstAlert) return "TLS alert from the peer: unnamed alert";
  const auto at =
      static_cast<std::size_t>(reason) - static_cast<std::size_t>(HandshakeReason::kFirstAlert);
  return kAlerts[at].detail;
}

// "expired", "unknown_ca" and so on; "" for kNone.
constexpr std::string_view toString(HandshakeReason reason) {
  constexpr std::string_view kWords[] = {"",
                                         "expired",
                                         "not_yet_valid",
                                         "untrusted",
                                         "revoked",
                                         "no_revocation_list",
                                         "wrong_purpose",
                                         "weak",
                                         "malformed",
                                         "wrong_name",
                                         "plain_http",
                                         "no_identity",
                                         "other_alert"};
  const auto at = static_cast<std::size_t>(reason);
  constexpr auto kFirst = static_cast<std::size_t>(HandshakeReason::kFirstAlert);
  static_assert(std::size(kWords) == kFirst);
  return at < kFirst ? kWords[at] : kAlerts[at - kFirst].word();
}

}  // namespace weir
