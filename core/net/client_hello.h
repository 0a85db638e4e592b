#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace weir::net {

// The first message of a TLS client, in plaintext (RFC 8446, 4.1.2).
struct ClientHello {
  static constexpr std::size_t kMaxBytes = 16 * 1024;  // including record headers

  std::string server_name;  // requested, in lower case and without a trailing dot
  std::string protocols;    // offered by ALPN, each after a byte with its length

  bool offers(std::string_view protocol) const;
  std::string_view soleProtocol() const;  // the only one offered; else empty
};

enum class HelloRead : std::uint8_t {
  kComplete,
  kMore,    // incomplete: call again with these and more bytes
  kNotTls,  // another protocol
  kBroken,  // TLS, but not a valid ClientHello
};

// The first byte of any TLS connection: the type of a handshake record.
inline constexpr char kHandshakeRecord = 0x16;

// Parses the ClientHello at the front of `bytes`, however records divide it. Consumes nothing: the
// TLS implementation reads the same bytes again. `out` is complete only with kComplete.
HelloRead readClientHello(Bytes bytes, ClientHello& out);

}  // namespace weir::net
