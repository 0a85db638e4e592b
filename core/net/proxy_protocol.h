#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/net/address.h"

namespace weir::net {

// The client's TLS as reported by a load balancer in front of weir. Texts point into the header.
struct ProxiedTls {
  bool verified = false;         // the client sent a certificate, which was verified
  std::string_view version;      // as written by the sender, such as "TLSv1.3"
  std::string_view common_name;  // of the client's certificate
};

// A PROXY protocol header, version 1 or 2 (haproxy.org, proxy-protocol.txt, 2.1 and 2.2). The texts
// point into the bytes from which it was parsed.
struct ProxyHeader {
  static constexpr std::size_t kMaxTextBytes = 107;         // of version 1, with its CR LF
  static constexpr std::size_t kMaxBinaryBytes = 4 * 1024;  // of version 2; a longer one is refused

  std::size_t bytes = 0;  // its length; the client's bytes follow
  int version = 0;        // 1 or 2
  // None if the header names no TCP client: LOCAL, UNKNOWN and other families.
  std::optional<Address> client;
  std::optional<Address> server;  // the address to which the client connected
  std::string_view authority;     // the host that the client requested
  std::string_view alpn;
  std::string_view unique_id;
  std::optional<ProxiedTls> tls;
};

enum class ProxyRead : std::uint8_t {
  kComplete,
  kMore,    // incomplete: call again with these and more bytes
  kAbsent,  // another protocol
  kBroken,  // a header, but an invalid one
};

// Parses the header at the front of `bytes`. `out` is complete only with kComplete.
ProxyRead readProxyHeader(Bytes bytes, ProxyHeader& out);

}  // namespace weir::net
