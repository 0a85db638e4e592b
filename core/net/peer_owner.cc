#include "core/net/peer_owner.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::net {
namespace {

// A descriptor that is closed at the end of the scope.
class OpenDescriptor {
 public:
  explicit OpenDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~OpenDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenDescriptor(const OpenDescriptor&) = delete;
  OpenDescriptor& operator=(const OpenDescriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

struct SocketOwner {
  std::uint32_t user = 0;
  std::uint32_t inode = 0;
};

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

// An IPv4 address is the last four bytes of the mapped form.
void writeIp(const IpAddress& ip, __be32* to) {
  const auto& bytes = ip.bytes();
  if (ip.isV4()) {
    std::memcpy(to, bytes.data() + 12, 4);
  } else {
    std::memcpy(to, bytes.data(), bytes.size());
  }
}

Question questionFor(const TcpEnds& ends) {
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.body.sdiag_family = ends.peer.ip().isV4() ? AF_INET : AF_INET6;
  question.body.sdiag_protocol = IPPROTO_TCP;
  question.body.idiag_states = ~0U;
  inet_diag_sockid& id = question.body.id;  // as the client's socket has it
  id.idiag_sport = htons(ends.peer.port());
  id.idiag_dport = htons(ends.local.port());
  writeIp(ends.peer.ip(), id.idiag_src);
  writeIp(ends.local.ip(), id.idiag_dst);
  id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return question;
}

// The kernel answers before send(2) returns.
std::optional<SocketOwner> askKernel(const TcpEnds& ends) {
  const OpenDescriptor socket(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  if (socket.get() < 0) return std::nullopt;
  const Question question = questionFor(ends);
  if (::send(socket.get(), &question, sizeof question, 0) != sizeof question) return std::nullopt;
  alignas(nlmsghdr) std::array<char, 4096> reply{};
  const ssize_t size = ::recv(socket.get(), reply.data(), reply.size(), 0);
  nlmsghdr header{};
  inet_diag_msg found{};
  if (size < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof found)) return std::nullopt;
  std::memcpy(&header, reply.data(), sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  std::memcpy(&found, reply.data() + NLMSG_HDRLEN, sizeof found);
  // A socket that no process holds any more has no inode, and is reported as one of root.
  if (found.idiag_inode == 0) return std::nullopt;
  return SocketOwner{found.idiag_uid, found.idiag_inode};
}

// True also if the descriptors cannot be listed.
bool isOfThisProcess(std::uint32_t inode) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
  if (folder == nullptr) return true;
  const std::string wanted = "socket:[" + std::to_string(inode) + "]";
  std::array<char, 64> target{};
  while (const dirent* const entry = ::readdir(folder.get())) {
    const ssize_t size =
        ::readlinkat(::dirfd(folder.get()), entry->d_name, target.data(), target.size());
    if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted) {
      return true;
    }
  }
  return false;
}

bool isLoopback(const IpAddress& ip) {
  const auto& bytes = ip.bytes();
  if (ip.isV4()) return bytes[12] == 127;
  return bytes.back() == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<std::uint32_t> unixPeerUser(int descriptor) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &size) != 0 ||
      local.ss_family != AF_UNIX) {
    return std::nullopt;
  }
  ucred peer{};
  size = sizeof peer;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

std::optional<std::uint32_t> tcpPeerUser(const TcpEnds& ends) {
  if (ends.local.isUnix() || ends.peer.isUnix() || !ends.peer.ip().known()) return std::nullopt;
  // With any other address the client is on another machine, whatever sockets there are here.
  if (!isLoopback(ends.peer.ip()) && ends.peer.ip() != ends.local.ip()) return std::nullopt;
  const auto owner = askKernel(ends);
  if (!owner || isOfThisProcess(owner->inode)) return std::nullopt;
  return owner->user;
}

}  // namespace weir::net
