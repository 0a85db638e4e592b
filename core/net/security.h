#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/handshake_reason.h"

namespace weir::net {

// How a TLS handshake ended; the values of a metric's label.
enum class Handshake : std::uint8_t {
  kOk,
  kClosed,  // the peer closed the connection during the handshake
  kTimeout,
  kProtocol,            // the peer's bytes are not TLS, or violate it
  kVersion,             // no version in common
  kCipher,              // no cipher suite, group or signature in common
  kUnknownName,         // no certificate for the requested name
  kNoPeerCertificate,   // the peer sent no certificate
  kBadPeerCertificate,  // not issued by a trusted CA, expired, revoked or for another name
  kPeerAlert,           // the peer refused the handshake
  kOverload,            // too many concurrent handshakes
  kInternal,
};

// The certificates that a peer sent, kept so that they can be judged again. Defined by core/tls.
class PeerChain {
 public:
  virtual ~PeerChain() = default;
};

// The verified certificate of a peer. Immutable.
struct PeerCertificate {
  std::string identity;            // its one URI, "spiffe://..."; or empty
  std::vector<std::string> names;  // DNS names, in lower case
  std::string subject;             // RFC 4514; may be empty
  std::string hash;                // SHA-256 of the whole certificate, in hexadecimal
  // Which of the names required of peers matched; empty if none is required.
  std::optional<std::size_t> admitted_as;
  Nanoseconds not_after{0};  // wall clock: the certificate is invalid from then on
  std::unique_ptr<const PeerChain> chain;

  // The identity, else the first DNS name, else the subject.
  std::string_view shortName() const {
    if (!identity.empty()) return identity;
    if (!names.empty()) return names.front();
    return subject;
  }
};

// The properties of a TLS stream after its handshake. Lives as long as the stream.
struct Security {
  Handshake result = Handshake::kOk;
  HandshakeReason reason = HandshakeReason::kNone;  // if the handshake failed
  bool resumed = false;
  // The data being delivered was sent before the handshake was complete: it may be a replay (RFC
  // 8446, 2.3).
  bool early_data = false;
  std::string_view version;                     // "TLSv1.3"; empty if not negotiated
  std::string_view cipher;                      // its IANA name
  std::string_view protocol;                    // negotiated by ALPN; empty for none
  std::string server_name;                      // requested by the client, in lower case
  std::unique_ptr<const PeerCertificate> peer;  // null: none was sent, or none was verified
  // For a refused peer: its identity, the requirement and what was found, for human readers;
  // printable. Null if the reason is sufficient.
  std::unique_ptr<const std::string> detail;
};

}  // namespace weir::net
