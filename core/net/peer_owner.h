#pragma once

#include <cstdint>
#include <optional>

#include "core/net/address.h"

// Which process of this machine is at the other end of a connection, as the kernel knows it.
namespace weir::net {

// The user of the process that connected to a Unix socket; nullopt for other sockets.
std::optional<std::uint32_t> unixPeerUser(int descriptor);

// The addresses of an accepted TCP connection.
struct TcpEnds {
  Address local;
  Address peer;
};

// The user of the process that holds the client's socket of a TCP connection. nullopt if the client
// is on another machine or in another network namespace, if it has closed its socket, if that
// belongs to this process, or if the kernel does not tell.
//
// A connection of this process to itself is none of a user: it forwards for somebody else. To find
// out, this looks at all descriptors of the process.
std::optional<std::uint32_t> tcpPeerUser(const TcpEnds& ends);

}  // namespace weir::net
