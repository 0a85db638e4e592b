#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace weir::net {

// What a TLS client says in the clear before anything else (RFC 8446, 4.1.2).
struct ClientHello {
  static constexpr std::size_t kMaxBytes = 16 * 1024;  // with the heads of its records

  std::string server_name;  // that it asks for, in lower case and without a dot at its end
  std::string protocols;    // that it offers by ALPN, each after a byte with its length

  bool offers(std::string_view protocol) const;
  std::string_view soleProtocol() const;  // when it offers just one; else empty
};

enum class HelloRead : std::uint8_t {
  kComplete,
  kMore,    // may become one: call again with these and more bytes
  kNotTls,  // these bytes begin something else
  kBroken,  // TLS, but no ClientHello that could be understood
};

// The first byte of any TLS connection: a record of the handshake.
inline constexpr char kHandshakeRecord = 0x16;

// Reads the ClientHello at the front of `bytes`, however records divide it. Nothing is taken away:
// whoever speaks TLS reads the same bytes again. `out` is whole with kComplete only.
HelloRead readClientHello(Bytes bytes, ClientHello& out);

}  // namespace weir::net
