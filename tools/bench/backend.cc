// The upstream of every benchmark: one thread, epoll, prepared replies of a fixed size.
//
// The last segment of the path is the size of the body: /2, /16k, /1m, /any/thing/256k. Other paths
// get --size. A request with Upgrade becomes a tunnel that echoes.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tools/bench/loopback.h"
#include "tools/bench/options.h"

namespace weir::bench {
namespace {

constexpr std::size_t kBlock = 65536;
constexpr std::size_t kMostPieces = 16;
constexpr std::size_t kMostHead = 65536;

// The reply for one path: the head, followed by the body if that fits one block.
struct Reply {
  std::string text;
  std::uint64_t repeated = 0;  // Bytes of the body that come from the shared block instead.
};

struct Connection {
  int fd = -1;
  std::string input;             // Received and not yet parsed, or to be echoed.
  std::uint64_t body_left = 0;   // Of the request: to be received and discarded.
  const Reply* due = nullptr;    // The reply to send after the request's body.
  const Reply* reply = nullptr;  // The reply that is being sent.
  std::uint64_t sent = 0;        // Of the reply.
  bool close_after = false;
  bool tunnel = false;
  bool blocked = false;  // Waits for EPOLLOUT.
};

// The value of a header field in a head; names are case-insensitive.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const auto rest = head.substr(at);
    if (rest.size() <= name.size() || rest[name.size()] != ':') continue;
    if (strncasecmp(rest.data(), name.data(), name.size()) != 0) continue;
    auto value = rest.substr(name.size() + 1, rest.find("\r\n") - name.size() - 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  }
  return std::nullopt;
}

// "16k" is 16384; empty if it is not a size.
std::optional<std::uint64_t> parseSize(std::string_view text) {
  std::uint64_t size = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
  if (parsed.ec != std::errc{}) return std::nullopt;
  const std::string_view unit(parsed.ptr, static_cast<std::size_t>(text.end() - parsed.ptr));
  if (unit.empty()) return size;
  if (unit == "k") return size << 10U;
  if (unit == "m") return size << 20U;
  if (unit == "g") return size << 30U;
  return std::nullopt;
}

class Backend {
 public:
  Backend(const sockaddr_in& listen, std::uint64_t default_size, std::string name)
      : epoll_(makeEpoll()),
        listener_(listenOn(listen)),
        default_size_(default_size),
        name_(std::move(name)),
        block_(kBlock, 'x') {
    watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN);
    switching_.text =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        "Upgrade: echo\r\nX-Backend: " +
        name_ + "\r\n\r\n";
    refusal_.text = "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n";
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) onEvent(events[static_cast<std::size_t>(i)]);
    }
  }

 private:
  void onEvent(const epoll_event& event) {
    if (event.data.fd == listener_) return acceptAll();
    auto& connection = *connections_[static_cast<std::size_t>(event.data.fd)];
    const bool alive = connection.blocked ? resume(connection) : receive(connection);
    if (!alive) drop(connection);
  }

  void acceptAll() {
    for (int fd = acceptOne(listener_); fd >= 0; fd = acceptOne(listener_)) {
      const auto index = static_cast<std::size_t>(fd);
      if (connections_.size() <= index) connections_.resize(index + 1);
      connections_[index] = std::make_unique<Connection>();
      connections_[index]->fd = fd;
      watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
  }

  void drop(Connection& connection) {
    const int fd = connection.fd;
    connections_[static_cast<std::size_t>(fd)].reset();
    close(fd);
  }

  bool receive(Connection& connection) {
    const ssize_t size = read(connection.fd, incoming_.data(), incoming_.size());
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return false;
    std::string_view bytes(incoming_.data(), static_cast<std::size_t>(size));
    const auto skipped = std::min<std::uint64_t>(connection.body_left, bytes.size());
    connection.body_left -= skipped;
    bytes.remove_prefix(skipped);
    connection.input.append(bytes);
    return answerAll(connection);
  }

  // Answers every complete request in the input; stops if the peer is slow to read.
  bool answerAll(Connection& connection) {
    while (!connection.blocked) {
      if (connection.reply != nullptr) {
        if (!sendReply(connection)) return false;
        continue;
      }
      if (connection.body_left > 0) return true;
      if (connection.due != nullptr) {
        connection.reply = std::exchange(connection.due, nullptr);
        continue;
      }
      if (connection.tunnel) return echo(connection);
      const auto end = connection.input.find("\r\n\r\n");
      if (end == std::string::npos) return connection.input.size() <= kMostHead;
      begin(connection, end);
    }
    return true;
  }

  void begin(Connection& connection, std::size_t end) {
    const auto head = std::string_view(connection.input).substr(0, end + 2);
    connection.sent = 0;
    const bool chunked = field(head, "transfer-encoding").has_value();
    const auto length = field(head, "content-length");
    const auto persistence = field(head, "connection").value_or("");
    connection.close_after = persistence == "close" || chunked;
    connection.tunnel = field(head, "upgrade").has_value();
    connection.due = chunked ? &refusal_ : connection.tunnel ? &switching_ : &replyTo(head);
    connection.body_left = length ? parseSize(*length).value_or(0) : 0;
    connection.input.erase(0, end + 4);
    const auto here = std::min<std::uint64_t>(connection.body_left, connection.input.size());
    connection.body_left -= here;
    connection.input.erase(0, here);
  }

  const Reply& replyTo(std::string_view head) {
    const auto start = head.find(' ') + 1;
    auto path = head.substr(start, head.find(' ', start) - start);
    path = path.substr(0, path.find('?'));
    const auto last = path.substr(path.rfind('/') + 1);
    const auto known = replies_.find(last);
    if (known != replies_.end()) return known->second;
    return replies_.emplace(last, makeReply(parseSize(last).value_or(default_size_))).first->second;
  }

  Reply makeReply(std::uint64_t size) const {
    Reply reply;
    reply.text =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(size) +
        "\r\n";
    if (!name_.empty()) reply.text += "X-Backend: " + name_ + "\r\n";
    reply.text += "\r\n";
    if (size <= kBlock) {
      reply.text.append(size, 'x');
    } else {
      reply.repeated = size;
    }
    return reply;
  }

  bool sendReply(Connection& connection) {
    const Reply& reply = *connection.reply;
    const std::uint64_t whole = reply.text.size() + reply.repeated;
    while (connection.sent < whole) {
      const ssize_t size = sendSome(connection, reply);
      if (size < 0 && errno == EAGAIN) return block(connection);
      if (size < 0) return false;
      connection.sent += static_cast<std::uint64_t>(size);
    }
    connection.reply = nullptr;
    return !connection.close_after;
  }

  ssize_t sendSome(const Connection& connection, const Reply& reply) {
    const std::uint64_t from_text = std::min<std::uint64_t>(connection.sent, reply.text.size());
    if (reply.repeated == 0) {
      return send(connection.fd, reply.text.data() + from_text, reply.text.size() - from_text,
                  MSG_NOSIGNAL);
    }
    std::array<iovec, kMostPieces> pieces{};
    std::size_t count = 0;
    if (from_text < reply.text.size()) {
      pieces[count++] = {const_cast<char*>(reply.text.data()) + from_text,
                         reply.text.size() - from_text};
    }
    std::uint64_t left = reply.repeated - (connection.sent - from_text);
    for (; left > 0 && count < kMostPieces; ++count) {
      const auto size = std::min<std::uint64_t>(left, kBlock);
      pieces[count] = {block_.data(), size};
      left -= size;
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    return sendmsg(connection.fd, &message, MSG_NOSIGNAL);
  }

  bool echo(Connection& connection) {
    while (!connection.input.empty()) {
      const ssize_t size =
          send(connection.fd, connection.input.data(), connection.input.size(), MSG_NOSIGNAL);
      if (size < 0 && errno == EAGAIN) return block(connection);
      if (size < 0) return false;
      connection.input.erase(0, static_cast<std::size_t>(size));
    }
    return true;
  }

  bool block(Connection& connection) {
    connection.blocked = true;
    watch(epoll_, EPOLL_CTL_MOD, connection.fd, EPOLLOUT);
    return true;
  }

  bool resume(Connection& connection) {
    connection.blocked = false;
    if (!answerAll(connection)) return false;
    if (!connection.blocked) watch(epoll_, EPOLL_CTL_MOD, connection.fd, EPOLLIN);
    return true;
  }

  const int epoll_;
  const int listener_;
  const std::uint64_t default_size_;
  const std::string name_;
  std::string block_;
  Reply switching_;
  Reply refusal_;

  std::vector<std::unique_ptr<Connection>> connections_;  // By descriptor.
  std::map<std::string, Reply, std::less<>> replies_;     // By the last segment of the path.
  std::array<char, 262144> incoming_{};
};

int run(int argc, char** argv) {
  Options options(argc, argv);
  const auto listen = parseAddress(options.take("listen", "127.0.0.1:0"));
  const auto size = options.takeNumber<std::uint64_t>("size", 2);
  const auto name = options.take("name", "");
  options.finish();
  std::signal(SIGPIPE, SIG_IGN);
  raiseFileLimit();
  auto backend = std::make_unique<Backend>(listen, size, name);
  backend->run();
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) { return weir::bench::run(argc, argv); }
