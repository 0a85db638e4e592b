#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/net/address.h"

namespace weir::net {

// Which version of the PROXY protocol precedes a connection.
enum class ProxyVersion : std::uint8_t { kNone, kText, kBinary };

// What a PROXY protocol header tells an upstream of the client. Texts may be empty: not told.
struct ProxiedClient {
  const Address& client;
  const Address& server;  // whom it connected to
  std::string_view authority;
  std::string_view alpn;
  std::string_view unique_id;
};

// Version 1 knows the addresses only; those of Unix sockets are told as unknown by both. Version 2
// carries the texts, and a checksum of it all.
std::string proxyHeader(ProxyVersion version, const ProxiedClient& client);

}  // namespace weir::net
