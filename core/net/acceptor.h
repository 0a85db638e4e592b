#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "core/event/loop.h"
#include "core/net/address.h"

struct uv_poll_s;

namespace weir::net {

// The local address of an accepted socket; none if the system cannot determine it.
Address localAddressOf(int descriptor);

// Changes the file mode of a Unix socket. False, with errno set, on failure.
bool setSocketMode(const Address& at, unsigned mode);

// Distinguishes a file from another with the same path.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// A listening socket before it is given to a worker. Closed when destroyed; the file of a Unix
// socket is removed.
class ListenSocket {
 public:
  enum class Sharing : std::uint8_t {
    kWorkers,  // one socket per worker for the address (SO_REUSEPORT): the kernel distributes
    kNone,     // fails if any socket listens there, including one of another weir process
  };
  // Binds and listens. Port 0 selects a free one, see address(). A Unix socket that a process left
  // behind is replaced. `mode`: of the file of a Unix socket, which nobody else can connect to
  // before it has that mode.
  static Result<ListenSocket> open(const Address& at, int backlog,
                                   Sharing sharing = Sharing::kWorkers,
                                   std::optional<unsigned> mode = std::nullopt);
  enum class Owner : std::uint8_t {
    kWeir,
    kOther,  // such as a service manager, for which the socket goes on listening
  };
  // Takes over a descriptor that already listens, such as one from release().
  static ListenSocket adopt(int descriptor, Address address, Owner owner = Owner::kWeir);
  int release();  // the caller closes it, or calls adopt()
  ~ListenSocket();
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;

  const Address& address() const { return address_; }
  int descriptor() const { return descriptor_; }
  Owner owner() const { return owner_; }
  // Only sockets of one owner share an address; later sockets belong to the user to which weir has
  // switched. The file of a Unix socket gets the same owner. False, with errno set, on failure.
  bool giveTo(unsigned user, unsigned group) const;
  // Removes the file of a Unix socket, unless another has taken its place. The rights of the
  // process may not suffice: then the file stays.
  void removeFile();

 private:
  ListenSocket(int descriptor, Address address)
      : descriptor_(descriptor), address_(std::move(address)) {}
  void noteFile();

  int descriptor_;
  Address address_;
  Owner owner_ = Owner::kWeir;
  std::optional<FileIdentity> file_;  // of a Unix socket of weir's own
};

// Accepts connections of one ListenSocket on one loop.
class Acceptor {
 public:
  // Takes ownership of the descriptor; `peer` is the client's address.
  using OnAccept = std::function<void(int descriptor, const Address& peer)>;

  // Called for each client whose connection was closed at once for lack of a descriptor.
  using OnTurnedAway = std::function<void()>;

  static Result<std::unique_ptr<Acceptor>> open(event::Loop& loop, ListenSocket socket,
                                                OnAccept on_accept,
                                                OnTurnedAway on_turned_away = nullptr);
  ~Acceptor();  // stops accepting and closes the socket
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  const Address& address() const;
  bool giveTo(unsigned user, unsigned group) const;  // as ListenSocket::giveTo()
  // For a socket that will be closed soon: drops new SYNs, so that closing resets no connection.
  // Handshakes in progress continue. The client's retry, a second later, reaches the socket that
  // listens then. No effect on a Unix socket, and on one that another process owns.
  void dropNew();

 private:
  struct Poll;
  Acceptor(event::Loop& loop, Poll* poll, OnAccept on_accept, OnTurnedAway on_turned_away);
  void onReadable();
  bool acceptOne();
  void onRetry();
  void pause();

  event::Loop& loop_;
  const OnAccept on_accept_;
  const OnTurnedAway on_turned_away_;
  Poll* poll_;  // freed by libuv's closing callback
  event::Alarm<Acceptor, &Acceptor::onRetry> retry_;
  int spare_;  // a reserve descriptor, to refuse connections properly when there are no others
};

}  // namespace weir::net
