#include "core/net/acceptor.h"

#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <uv.h>

#include "core/event/system_error.h"

namespace weir::net {

namespace {

constexpr Milliseconds kRetryAfterExhaustion{100};
constexpr Error kPortNeedsPrivilege{
    ErrorCode::kSystem, Origin::kLocal,
    "permission denied: a port this low needs CAP_NET_BIND_SERVICE, which weir lacks or has given "
    "up together with root; start it with that capability, or restart it as root"};

// A reference to the file of a socket. -1, with errno set, if the path leads to anything else: a
// process with more rights than the owner of the folder must not change another file.
int openSocketFile(const Address& at) {
  const int file = ::open(at.path().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat found {};
  if (file < 0 || (::fstat(file, &found) == 0 && S_ISSOCK(found.st_mode))) return file;
  ::close(file);
  errno = ENOTSOCK;
  return -1;
}

// Closes `file`; errno stays that of the change.
bool closeAfter(int file, bool changed) {
  const int failure = errno;
  ::close(file);
  errno = failure;
  return changed;
}

bool changeOwner(const Address& at, unsigned user, unsigned group) {
  const int file = openSocketFile(at);
  return file >= 0 && closeAfter(file, ::fchownat(file, "", user, group, AT_EMPTY_PATH) == 0);
}

int openSpare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool setOption(int descriptor, int level, int name) {
  const int on = 1;
  return ::setsockopt(descriptor, level, name, &on, sizeof on) == 0;
}

// Accepted sockets inherit TCP_NODELAY: one call here instead of one for each connection.
bool prepare(int descriptor, const Address& at, ListenSocket::Sharing sharing) {
  if (at.isUnix()) return true;
  const bool shared = sharing == ListenSocket::Sharing::kWorkers;
  return setOption(descriptor, SOL_SOCKET, SO_REUSEADDR) &&
         (!shared || setOption(descriptor, SOL_SOCKET, SO_REUSEPORT)) &&
         setOption(descriptor, IPPROTO_TCP, TCP_NODELAY);
}

// A socket in the file system outlives a process that was killed. It is removed if nobody listens
// on it.
bool removeStale(const Address& at, const sockaddr* raw, socklen_t length) {
  struct stat found {};
  if (::lstat(at.path().c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool stale = probe >= 0 && ::connect(probe, raw, length) != 0 && errno == ECONNREFUSED;
  if (probe >= 0) ::close(probe);
  return stale && ::unlink(at.path().c_str()) == 0;
}

std::optional<FileIdentity> identityOf(const Address& at) {
  struct stat found {};
  if (::lstat(at.path().c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return std::nullopt;
  return FileIdentity{found.st_dev, found.st_ino};
}

// False, with errno of the first failure.
bool bindOrReplace(int descriptor, const Address& at, const sockaddr* raw, socklen_t length) {
  if (::bind(descriptor, raw, length) == 0) return true;
  const int failure = errno;
  if (at.isUnix() && failure == EADDRINUSE && removeStale(at, raw, length) &&
      ::bind(descriptor, raw, length) == 0) {
    return true;
  }
  errno = failure;
  return false;
}

// The file is created with the mode of the descriptor, reduced by the umask; the missing bits are
// restored before the socket listens, while nobody can connect. Thus the file never allows more
// than `mode`, and the umask, which all threads share, does not change.
bool bindTo(int descriptor, const Address& at, const sockaddr* raw, socklen_t length,
            std::optional<unsigned> mode) {
  if (!mode || !at.isUnix()) return bindOrReplace(descriptor, at, raw, length);
  return ::fchmod(descriptor, *mode) == 0 && bindOrReplace(descriptor, at, raw, length) &&
         setSocketMode(at, *mode);
}

// The connection stays in the queue; an immediate retry would spin.
bool exhausted(int failure) {
  return failure == EMFILE || failure == ENFILE || failure == ENOBUFS || failure == ENOMEM;
}

}  // namespace

bool setSocketMode(const Address& at, unsigned mode) {
  const int file = openSocketFile(at);
  if (file < 0) return false;
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  return closeAfter(file, ::chmod(path.c_str(), mode) == 0);
}

Address localAddressOf(int descriptor) {
  sockaddr_storage socket_address{};
  socklen_t length = sizeof socket_address;
  auto* raw = reinterpret_cast<sockaddr*>(&socket_address);
  return ::getsockname(descriptor, raw, &length) == 0 ? Address::fromSocket(socket_address)
                                                      : Address();
}

Result<ListenSocket> ListenSocket::open(const Address& at, int backlog, Sharing sharing,
                                        std::optional<unsigned> mode) {
  sockaddr_storage socket_address{};
  socklen_t length = at.toSocket(socket_address);
  if (length == 0) return Error{ErrorCode::kInvalid, Origin::kLocal, "socket path too long"};
  const int family = socket_address.ss_family;
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return event::errorOf(-errno);
  ListenSocket opened(descriptor, at);
  const auto* raw = reinterpret_cast<const sockaddr*>(&socket_address);
  if (!prepare(descriptor, at, sharing) || !bindTo(descriptor, at, raw, length, mode) ||
      ::listen(descriptor, backlog) != 0) {
    const int failure = errno;
    return failure == EACCES && !at.isUnix() ? kPortNeedsPrivilege : event::errorOf(-failure);
  }
  if (at.isUnix()) {
    opened.noteFile();
    return opened;
  }
  length = sizeof socket_address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&socket_address), &length);
  opened.address_ = Address::fromSocket(socket_address);
  return opened;
}

ListenSocket ListenSocket::adopt(int descriptor, Address address, Owner owner) {
  ListenSocket adopted(descriptor, std::move(address));
  adopted.owner_ = owner;
  if (owner == Owner::kWeir && adopted.address_.isUnix()) adopted.noteFile();
  return adopted;
}

void ListenSocket::noteFile() { file_ = identityOf(address_); }

bool ListenSocket::giveTo(unsigned user, unsigned group) const {
  return ::fchown(descriptor_, user, group) == 0 &&
         (!address_.isUnix() || changeOwner(address_, user, group));
}

void ListenSocket::removeFile() {
  const std::optional<FileIdentity> file = std::exchange(file_, std::nullopt);
  if (file && file == identityOf(address_)) ::unlink(address_.path().c_str());
}

int ListenSocket::release() {
  file_ = std::nullopt;
  return std::exchange(descriptor_, -1);
}

ListenSocket::~ListenSocket() {
  removeFile();
  if (descriptor_ >= 0) ::close(descriptor_);
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      address_(std::move(other.address_)),
      owner_(other.owner_),
      file_(std::exchange(other.file_, std::nullopt)) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(address_, other.address_);
  std::swap(owner_, other.owner_);
  std::swap(file_, other.file_);
  return *this;
}

struct Acceptor::Poll {
  uv_poll_t poll;
  Acceptor* owner;
  ListenSocket socket;
};

Result<std::unique_ptr<Acceptor>> Acceptor::open(event::Loop& loop, ListenSocket socket,
                                                 OnAccept on_accept, OnTurnedAway on_turned_away) {
  auto poll = std::make_unique<Poll>(Poll{{}, nullptr, std::move(socket)});
  const int failure = uv_poll_init(loop.raw(), &poll->poll, poll->socket.descriptor());
  if (failure != 0) return event::errorOf(failure);
  poll->poll.data = poll.get();
  return std::unique_ptr<Acceptor>(
      new Acceptor(loop, poll.release(), std::move(on_accept), std::move(on_turned_away)));
}

Acceptor::Acceptor(event::Loop& loop, Poll* poll, OnAccept on_accept, OnTurnedAway on_turned_away)
    : loop_(loop),
      on_accept_(std::move(on_accept)),
      on_turned_away_(std::move(on_turned_away)),
      poll_(poll),
      retry_(loop.wheel(), *this),
      spare_(openSpare()) {
  poll_->owner = this;
  onRetry();
}

Acceptor::~Acceptor() {
  uv_poll_stop(&poll_->poll);
  poll_->socket.removeFile();  // no client can connect from now on
  // Closing a socket resets the connections in its queue: accept these first. One of another owner
  // keeps them for the next process.
  while (poll_->socket.owner() == ListenSocket::Owner::kWeir && acceptOne()) {
  }
  ::close(poll_->socket.release());
  if (spare_ >= 0) ::close(spare_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_->poll),
           [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
}

const Address& Acceptor::address() const { return poll_->socket.address(); }

bool Acceptor::giveTo(unsigned user, unsigned group) const {
  return poll_->socket.giveTo(user, group);
}

// The filter is applied to a segment from its TCP header on.
void Acceptor::dropNew() {
  constexpr std::uint32_t kFlags = 13;  // offset of the byte
  constexpr std::uint32_t kSyn = 0x02;
  constexpr std::uint32_t kAck = 0x10;
  constexpr std::uint32_t kWhole = 0xFFFFFFFF;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, kWhole),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  const bool is_own = poll_->socket.owner() == ListenSocket::Owner::kWeir;
  if (!is_own || poll_->socket.address().isUnix()) return;
  // Without filters in the kernel, a handshake may be reset.
  ::setsockopt(poll_->socket.descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void Acceptor::onRetry() {
  uv_poll_start(&poll_->poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Poll*>(handle->data)->owner->onReadable();
  });
}

// Accepts one connection per turn: if more wait, the next poll reports them. This saves a second
// accept4 that would only return EAGAIN.
void Acceptor::onReadable() {
  loop_.beginEvent();
  acceptOne();
}

bool Acceptor::acceptOne() {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  const int descriptor = ::accept4(poll_->socket.descriptor(), reinterpret_cast<sockaddr*>(&peer),
                                   &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    on_accept_(descriptor, Address::fromSocket(peer));
    return true;
  }
  if (exhausted(errno)) pause();
  return false;
}

// No descriptors are left: the waiting client is accepted with the reserve descriptor and closed,
// so that it knows at once. Accepting then pauses for a moment instead of spinning.
void Acceptor::pause() {
  if (spare_ >= 0) ::close(spare_);
  const int descriptor = ::accept4(poll_->socket.descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) {
    ::close(descriptor);
    if (on_turned_away_ != nullptr) on_turned_away_();
  }
  spare_ = openSpare();
  uv_poll_stop(&poll_->poll);
  retry_.arm(kRetryAfterExhaustion);
}

}  // namespace weir::net
