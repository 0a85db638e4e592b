#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// Why a TLS handshake failed, where its result alone does not say: what we found wrong with the
// peer, or the alert by which the peer refused us. Bounded, so that it may be a label.
enum class HandshakeReason : std::uint8_t {
  kNone,
  kExpired,
  kNotYetValid,
  kUntrusted,  // no chain to a trusted root
  kRevoked,
  kNoRevocationList,  // of an issuer, in date
  kWrongPurpose,      // not for a client, or not for a server
  kWeak,              // a key that is too short, or a signature with SHA-1
  kMalformed,         // a name that no certificate may hold
  kWrongName,         // none of the names, or hashes, that we ask for
  kPlainHttp,         // HTTP without TLS
  kOtherAlert,        // of the peer; those that have a name follow in the order of kAlerts
  kFirstAlert,
};

struct TlsAlert {
  std::uint8_t number;  // RFC 8446, 6
  std::string_view word;
  std::string_view detail;
};

inline constexpr std::array kAlerts = {
#define WEIR_ALERT(number, name) \
  TlsAlert { number, "alert_" name, "TLS alert from the peer: " name }
    WEIR_ALERT(10, "unexpected_message"),
    WEIR_ALERT(20, "bad_record_mac"),
    WEIR_ALERT(22, "record_overflow"),
    WEIR_ALERT(40, "handshake_failure"),
    WEIR_ALERT(42, "bad_certificate"),
    WEIR_ALERT(43, "unsupported_certificate"),
    WEIR_ALERT(44, "certificate_revoked"),
    WEIR_ALERT(45, "certificate_expired"),
    WEIR_ALERT(46, "certificate_unknown"),
    WEIR_ALERT(47, "illegal_parameter"),
    WEIR_ALERT(48, "unknown_ca"),
    WEIR_ALERT(49, "access_denied"),
    WEIR_ALERT(50, "decode_error"),
    WEIR_ALERT(51, "decrypt_error"),
    WEIR_ALERT(70, "protocol_version"),
    WEIR_ALERT(71, "insufficient_security"),
    WEIR_ALERT(80, "internal_error"),
    WEIR_ALERT(86, "inappropriate_fallback"),
    WEIR_ALERT(90, "user_canceled"),
    WEIR_ALERT(109, "missing_extension"),
    WEIR_ALERT(110, "unsupported_extension"),
    WEIR_ALERT(112, "unrecognized_name"),
    WEIR_ALERT(113, "bad_certificate_status_response"),
    WEIR_ALERT(115, "unknown_psk_identity"),
    WEIR_ALERT(116, "certificate_required"),
    WEIR_ALERT(120, "no_application_protocol"),
#undef WEIR_ALERT
};

inline constexpr unsigned kHandshakeReasonCount =
    static_cast<unsigned>(HandshakeReason::kFirstAlert) + kAlerts.size();

constexpr HandshakeReason reasonOfAlert(int number) {
  for (std::size_t i = 0; i < kAlerts.size(); ++i) {
    if (kAlerts[i].number != number) continue;
    return static_cast<HandshakeReason>(static_cast<std::size_t>(HandshakeReason::kFirstAlert) + i);
  }
  return HandshakeReason::kOtherAlert;
}

// "TLS alert from the peer: unknown_ca", of a reason that is an alert.
constexpr std::string_view alertDetail(HandshakeReason reason) {
  if (reason < HandshakeReason::kFirstAlert) return "TLS alert from the peer: without a name";
  const auto at =
      static_cast<std::size_t>(reason) - static_cast<std::size_t>(HandshakeReason::kFirstAlert);
  return kAlerts[at].detail;
}

// "expired", "alert_unknown_ca" and so on; "" for kNone.
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
                                         "alert_other"};
  const auto at = static_cast<std::size_t>(reason);
  constexpr auto kFirst = static_cast<std::size_t>(HandshakeReason::kFirstAlert);
  static_assert(std::size(kWords) == kFirst);
  return at < kFirst ? kWords[at] : kAlerts[at - kFirst].word;
}

}  // namespace weir
