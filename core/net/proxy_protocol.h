#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/net/address.h"

namespace weir::net {

// What a load balancer in front of us says about the client's TLS. Texts: of the header's bytes.
struct ProxiedTls {
  bool verified = false;         // the client showed a certificate, and it was found good
  std::string_view version;      // as the sender writes it, such as "TLSv1.3"
  std::string_view common_name;  // of the client's certificate
};

// A PROXY protocol header, version 1 or 2 (haproxy.org, proxy-protocol.txt, 2.1 and 2.2). The texts
// point into the bytes that it was read from.
struct ProxyHeader {
  static constexpr std::size_t kMaxTextBytes = 107;         // of version 1, with its CR LF
  static constexpr std::size_t kMaxBinaryBytes = 4 * 1024;  // of version 2; more is broken

  std::size_t bytes = 0;  // its length; what follows is the client's
  int version = 0;        // 1 or 2
  // None when the header names no TCP client: LOCAL, UNKNOWN and other families.
  std::optional<Address> client;
  std::optional<Address> server;  // whom the client connected to
  std::string_view authority;     // the host that it asked for
  std::string_view alpn;
  std::string_view unique_id;
  std::optional<ProxiedTls> tls;
};

enum class ProxyRead : std::uint8_t {
  kComplete,
  kMore,    // may become a header: call again with these and more bytes
  kAbsent,  // these bytes begin something else
  kBroken,  // a header, but one that cannot be believed
};

// Reads the header at the front of `bytes`. `out` is whole with kComplete only.
ProxyRead readProxyHeader(Bytes bytes, ProxyHeader& out);

}  // namespace weir::net
