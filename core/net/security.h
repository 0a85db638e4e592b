#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

// What a secured stream knows once its handshake is over. Lives as long as the stream.
struct Security {
  Handshake result = Handshake::kOk;
  bool resumed = false;
  std::string_view version;   // "TLSv1.3"; empty when it did not get so far
  std::string_view cipher;    // the name of IANA
  std::string_view protocol;  // agreed on by ALPN; empty for none
  std::string server_name;    // that the client asked for, in lower case
};

}  // namespace weir::net
