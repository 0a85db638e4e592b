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

// How a TLS handshake ended; the words of a metric's label.
enum class Handshake : std::uint8_t {
  kOk,
  kClosed,  // the peer went away in the midst of it
  kTimeout,
  kProtocol,            // the peer's bytes are no TLS, or break it
  kVersion,             // no version in common
  kCipher,              // no cipher suite, group or signature in common
  kUnknownName,         // no certificate for the name that was asked for
  kNoPeerCertificate,   // the peer showed none
  kBadPeerCertificate,  // not issued by whom we trust, out of date, revoked or of another name
  kPeerAlert,           // the peer refused us
  kOverload,            // too many at the same time
  kInternal,
};

// Of a peer that proved to be who it says. Immutable.
struct PeerCertificate {
  std::string identity;            // its one URI, "spiffe://..."; or empty
  std::vector<std::string> names;  // of DNS, in lower case
  std::string subject;             // RFC 4514; may be empty
  std::string hash;                // SHA-256 of the whole certificate, in hexadecimal
  // Which of the names that we ask of peers let it in; nothing when we ask for none.
  std::optional<std::size_t> admitted_as;
  Nanoseconds not_after{0};  // of the wall clock: from then on it proves nothing
};

// What a secured stream knows once its handshake is over. Lives as long as the stream.
struct Security {
  Handshake result = Handshake::kOk;
  HandshakeReason reason = HandshakeReason::kNone;  // of a handshake that failed
  bool resumed = false;
  // What comes at this moment was sent before the handshake was over: somebody may be sending it a
  // second time (RFC 8446, 2.3).
  bool early_data = false;
  std::string_view version;                     // "TLSv1.3"; empty when it did not get so far
  std::string_view cipher;                      // the name of IANA
  std::string_view protocol;                    // agreed on by ALPN; empty for none
  std::string server_name;                      // that the client asked for, in lower case
  std::unique_ptr<const PeerCertificate> peer;  // null: it showed none, or nobody checked it
  // Who the refused peer is, what was wanted and what was found, for people; printable. Null when
  // the reason says it all.
  std::unique_ptr<const std::string> detail;
};

}  // namespace weir::net
