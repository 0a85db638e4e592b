#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/net/address.h"

namespace weir::net {

// The version of the PROXY protocol header that precedes a connection.
enum class ProxyVersion : std::uint8_t { kNone, kText, kBinary };

// The data about the client in a PROXY protocol header for an upstream. Empty texts are omitted.
struct ProxiedClient {
  const Address& client;
  const Address& server;  // to which the client connected
  std::string_view authority;
  std::string_view alpn;
  std::string_view unique_id;
};

// Version 1 carries only the addresses; both versions report Unix sockets as unknown. Version 2
// also carries the texts, and a checksum of the whole header.
std::string proxyHeader(ProxyVersion version, const ProxiedClient& client);

}  // namespace weir::net
