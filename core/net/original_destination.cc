#include "core/net/original_destination.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "core/net/acceptor.h"

namespace weir::net {
namespace {

// SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of <linux/netfilter_*>, whose headers conflict with
// those of the C library.
constexpr int kOriginalDestination = 80;

}  // namespace

// A socket for both families has IPv4 peers, too: the connection is then one of IPv4.
std::optional<Address> originalDestinationOf(int descriptor, const Address& peer) {
  if (peer.isUnix()) return std::nullopt;
  sockaddr_storage found{};
  socklen_t length = sizeof found;
  const int level = peer.ip().isV4() ? SOL_IP : SOL_IPV6;
  if (::getsockopt(descriptor, level, kOriginalDestination, &found, &length) != 0) {
    return std::nullopt;
  }
  Address original = Address::fromSocket(found);
  if (original == localAddressOf(descriptor)) return std::nullopt;
  return original;
}

}  // namespace weir::net
