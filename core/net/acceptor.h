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

// Whom the peer of an accepted socket connected to; none when the system cannot tell.
Address localAddressOf(int descriptor);

// Changes the mode of the file of a Unix socket. False with errno.
bool setSocketMode(const Address& at, unsigned mode);

// A listening socket before it is given to a worker. Closed when destroyed.
class ListenSocket {
 public:
  enum class Sharing : std::uint8_t {
    kWorkers,  // each opens its own for the same address (SO_REUSEPORT): the kernel spreads
    kNone,     // fails while anybody else listens there, another process of ours included
  };
  // Binds and listens. Port 0 takes a free one: ask address(). A Unix socket that a process left
  // behind is replaced.
  // `mode`: of the file of a Unix socket; nobody else can connect in the meantime.
  static Result<ListenSocket> open(const Address& at, int backlog,
                                   Sharing sharing = Sharing::kWorkers,
                                   std::optional<unsigned> mode = std::nullopt);
  // Takes over a descriptor that listens already, such as one that release() gave.
  static ListenSocket adopt(int descriptor, Address address) {
    return ListenSocket(descriptor, std::move(address));
  }
  int release();  // the caller closes it
  ~ListenSocket();
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;

  const Address& address() const { return address_; }
  int descriptor() const { return descriptor_; }
  // Only sockets of one owner share an address; later ones belong to the user that weir has become.
  bool giveTo(unsigned user, unsigned group) const;

 private:
  ListenSocket(int descriptor, Address address)
      : descriptor_(descriptor), address_(std::move(address)) {}
  int descriptor_;
  Address address_;
};

// Accepts connections of one ListenSocket on one loop.
class Acceptor {
 public:
  // Takes a descriptor that it owns from then on, and the peer's address.
  using OnAccept = std::function<void(int descriptor, const Address& peer)>;

  // Called for every client that was closed at once because no descriptor was left for it.
  using OnTurnedAway = std::function<void()>;

  static Result<std::unique_ptr<Acceptor>> open(event::Loop& loop, ListenSocket socket,
                                                OnAccept on_accept,
                                                OnTurnedAway on_turned_away = nullptr);
  ~Acceptor();  // stops accepting and closes the socket
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  const Address& address() const;
  // For a socket that is to be closed soon: drops what would begin a connection, so that the kernel
  // resets none when it closes. Handshakes under way go on. The client's next try, a second later,
  // finds whoever listens then. Nothing happens to a Unix socket.
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
  int spare_;  // a descriptor in reserve, to refuse in good order when there are no more
};

}  // namespace weir::net
