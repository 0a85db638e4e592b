// The lower bound: one thread, epoll, a read on one side and a write on the other, without parsing
// HTTP.
//
// Each client connection is paired with one upstream connection that was opened in advance, so an
// exchange on a persistent connection costs two reads, two writes and its share of epoll_wait.

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "tools/bench/loopback.h"
#include "tools/bench/options.h"

namespace weir::bench {
namespace {

// One of the two sockets of a pair.
struct Side {
  int fd = -1;
  Side* peer = nullptr;
  std::string pending;  // Read from the peer, not yet accepted by this socket.
  bool ended = false;   // The socket has sent all its data.
};

class Relay {
 public:
  Relay(const sockaddr_in& listen, const sockaddr_in& upstream, std::size_t buffer)
      : epoll_(makeEpoll()), listener_(listenOn(listen)), upstream_(upstream), buffer_(buffer) {
    watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  void openSpares(std::size_t count) {
    while (spares_.size() < count) openSpare();
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) onEvent(events[static_cast<std::size_t>(i)]);
      closeDoomed();
    }
  }

 private:
  void onEvent(const epoll_event& event) {
    if (event.data.fd == listener_) return acceptAll();
    Side* side = sides_[static_cast<std::size_t>(event.data.fd)].get();
    if (side == nullptr) return;  // Its pair was closed earlier in this batch.
    if ((event.events & EPOLLOUT) != 0 && !flush(*side)) return doom(*side);
    if ((event.events & EPOLLERR) != 0) return doom(*side);
    if ((event.events & (EPOLLIN | EPOLLHUP)) != 0 && !forward(*side)) doom(*side);
  }

  void openSpare() {
    const int fd = connectNow(upstream_);
    if (fd < 0) die("connect to the upstream");
    spares_.push_back(fd);
  }

  void acceptAll() {
    for (int fd = acceptOne(listener_); fd >= 0; fd = acceptOne(listener_)) {
      if (spares_.empty()) openSpare();
      Side& client = add(fd);
      Side& server = add(spares_.back());
      spares_.pop_back();
      client.peer = &server;
      server.peer = &client;
      openSpare();
    }
  }

  Side& add(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (sides_.size() <= index) sides_.resize(index + 1);
    sides_[index] = std::make_unique<Side>();
    sides_[index]->fd = fd;
    watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN);
    return *sides_[index];
  }

  // One read and one write; false when the pair is finished.
  bool forward(Side& from) {
    if (from.ended) return false;
    Side& to = *from.peer;
    if (!to.pending.empty()) return true;  // Closed while paused: its data comes first.
    const ssize_t size = read(from.fd, buffer_.data(), buffer_.size());
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return end(from);
    const ssize_t sent = send(to.fd, buffer_.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    const auto done = static_cast<std::size_t>(sent < 0 ? 0 : sent);
    if (done == static_cast<std::size_t>(size)) return true;
    to.pending.assign(buffer_.data() + done, static_cast<std::size_t>(size) - done);
    watchPair(from);
    return true;
  }

  // No more data from here: reports it to the peer once all data was forwarded.
  bool end(Side& from) {
    from.ended = true;
    watchPair(from);
    shutdown(from.peer->fd, SHUT_WR);
    return !from.peer->ended;
  }

  // Writes the pending bytes of this side and resumes reading from the peer.
  bool flush(Side& to) {
    const ssize_t sent = send(to.fd, to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    to.pending.erase(0, static_cast<std::size_t>(sent));
    if (!to.pending.empty()) return true;
    watchPair(to);
    return true;
  }

  // Only called when one direction pauses or resumes: never for an ordinary exchange.
  void watchPair(const Side& side) {
    watch(epoll_, EPOLL_CTL_MOD, side.fd, wanted(side));
    watch(epoll_, EPOLL_CTL_MOD, side.peer->fd, wanted(*side.peer));
  }

  // A side is read while its peer keeps up, and polled for writing while it has pending bytes.
  static std::uint32_t wanted(const Side& side) {
    const std::uint32_t reading = !side.ended && side.peer->pending.empty() ? EPOLLIN : 0U;
    const std::uint32_t writing = side.pending.empty() ? 0U : EPOLLOUT;
    return reading | writing;
  }

  void doom(Side& side) {
    doomed_.push_back(side.peer->fd);
    doomed_.push_back(side.fd);
    sides_[static_cast<std::size_t>(side.peer->fd)].reset();
    sides_[static_cast<std::size_t>(side.fd)].reset();
  }

  // Descriptors are closed after the batch, so that a new one cannot receive events of an old one.
  void closeDoomed() {
    for (const int fd : doomed_) close(fd);
    doomed_.clear();
  }

  const int epoll_;
  const int listener_;
  const sockaddr_in upstream_;

  std::vector<char> buffer_;
  std::vector<int> spares_;  // Open, without a client.
  std::vector<std::unique_ptr<Side>> sides_;
  std::vector<int> doomed_;
};

int run(int argc, char** argv) {
  Options options(argc, argv);
  const auto listen = parseAddress(options.take("listen", "127.0.0.1:0"));
  const auto upstream = parseAddress(options.take("upstream", "127.0.0.1:0"));
  const auto buffer = options.takeNumber<std::size_t>("buffer", 65536);
  const auto spares = options.takeNumber<std::size_t>("spares", 1100);
  options.finish();
  std::signal(SIGPIPE, SIG_IGN);
  raiseFileLimit();
  Relay relay(listen, upstream, buffer);
  relay.openSpares(spares);
  relay.run();
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) { return weir::bench::run(argc, argv); }
