#include "tools/bench/load.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <numeric>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kCheckPeriod = kSecond / 4;
constexpr std::uint64_t kMostFailuresInARow = 2000;
constexpr std::size_t kIncoming = 262144;

int receiveSignal(int number) {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, number);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) die("sigprocmask");
  const int fd = signalfd(-1, &set, SFD_CLOEXEC);
  if (fd < 0) die("signalfd");
  return fd;
}

}  // namespace

std::uint64_t LoadResult::failed() const {
  return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

Load::Load(LoadSettings settings)
    : settings_(std::move(settings)),
      epoll_(makeEpoll()),
      stop_signal_(receiveSignal(SIGUSR1)),
      tls_(settings_.tls.empty() ? nullptr
                                 : std::make_unique<TlsClient>(settings_.tls, settings_.server_name,
                                                               settings_.resume)),
      connections_(settings_.connections),
      incoming_(kIncoming) {
  watch(epoll_, EPOLL_CTL_ADD, stop_signal_, EPOLLIN);
  std::signal(SIGPIPE, SIG_IGN);  // TLS writes without MSG_NOSIGNAL.
  prctl(PR_SET_TIMERSLACK, 1UL);  // An open loop must wake up on time.
  for (std::size_t i = 0; i < connections_.size(); ++i) idle_.push_back(i);
}

bool Load::connectAll() {
  if (settings_.new_connections) return true;
  now_ = nowNanoseconds();
  for (auto& connection : connections_) openConnection(connection);
  const auto deadline = now_ + settings_.timeout;
  const auto waits = [](const Connection& one) { return one.state == State::kConnecting; };
  while (std::any_of(connections_.begin(), connections_.end(), waits) && now_ < deadline) {
    waitForEvents();
  }
  const auto open = [](const Connection& one) { return one.state == State::kIdle; };
  return std::all_of(connections_.begin(), connections_.end(), open);
}

LoadResult Load::run(const LoadRun& run) {
  begin(run);
  while (true) {
    dispatch();
    if (finished()) break;
    waitForEvents();
    if (now_ - last_check_ > kCheckPeriod) expireRequests();
  }
  result_.nanoseconds = nowNanoseconds() - began_;
  return result_;
}

void Load::begin(const LoadRun& run) {
  current_ = run;
  LoadResult fresh;
  fresh.protection = std::move(result_.protection);
  result_ = std::move(fresh);
  started_ = 0;
  failures_in_a_row_ = 0;
  began_ = last_check_ = now_ = nowNanoseconds();
}

void Load::dispatch() {
  while (!idle_.empty() && mayStart()) {
    auto& connection = connections_[idle_.front()];
    idle_.pop_front();
    startRequest(connection);
  }
}

bool Load::mayStart() const {
  if (stopped_ || failures_in_a_row_ > kMostFailuresInARow) return false;
  if (current_.requests > 0 && started_ >= current_.requests) return false;
  if (current_.rate > 0) {
    const auto due = nextDue();
    return due <= now_ && (current_.duration == 0 || due < began_ + current_.duration);
  }
  return busy_ < settings_.in_flight &&
         (current_.duration == 0 || now_ < began_ + current_.duration);
}

// True if no request is in flight and none may be sent any more.
bool Load::finished() const {
  if (busy_ > 0) return false;
  if (stopped_ || failures_in_a_row_ > kMostFailuresInARow) return true;
  if (current_.requests > 0 && started_ >= current_.requests) return true;
  const auto end = began_ + current_.duration;
  if (current_.duration == 0) return false;
  return current_.rate > 0 ? nextDue() >= end : now_ >= end;
}

std::uint64_t Load::nextDue() const {
  const double after = static_cast<double>(started_) * 1e9 / current_.rate;
  return began_ + static_cast<std::uint64_t>(after);
}

void Load::startRequest(Connection& connection) {
  connection.started = now_;
  connection.due = current_.rate > 0 ? nextDue() : now_;
  connection.has_request = true;
  if (current_.rate > 0) result_.late.add(now_ - connection.due);
  ++started_;
  ++busy_;
  if (connection.state == State::kClosed) return openConnection(connection);
  sendRequest(connection);
}

void Load::openConnection(Connection& connection) {
  const int fd = beginConnect(settings_.target);
  if (fd < 0) return fail(connection, Failure::kConnect);
  const auto slot = static_cast<std::size_t>(fd);
  if (index_of_.size() <= slot) index_of_.resize(slot + 1);
  index_of_[slot] = static_cast<std::size_t>(&connection - connections_.data());
  connection.fd = fd;
  connection.state = State::kConnecting;
  connection.reply.reset();
  watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT);
}

void Load::sendRequest(Connection& connection) {
  const std::string& request = chooseRequest();
  const ssize_t sent = sendBytes(connection, request);
  if (sent < 0) return fail(connection, errno == EPIPE ? Failure::kClosed : Failure::kReset);
  // One request is in flight and the socket's buffer is far larger: a partial write is a fault.
  if (static_cast<std::size_t>(sent) != request.size()) return fail(connection, Failure::kUnsent);
  connection.state = State::kBusy;
}

const std::string& Load::chooseRequest() {
  if (settings_.requests.size() == 1) return settings_.requests.front();
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return settings_.requests[random_ % settings_.requests.size()];
}

void Load::waitForEvents() {
  std::array<epoll_event, 256> events{};
  std::uint64_t pause = kCheckPeriod;
  const auto until = [&](std::uint64_t when) {
    pause = std::min(pause, when > now_ ? when - now_ : 0);
  };
  if (current_.rate > 0 && !idle_.empty()) until(nextDue());
  if (current_.duration > 0 && busy_ == 0) until(began_ + current_.duration);
  const timespec timeout{static_cast<time_t>(pause / kSecond), static_cast<long>(pause % kSecond)};
  const int count =
      epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  now_ = nowNanoseconds();
  for (int i = 0; i < count; ++i) onEvent(events[static_cast<std::size_t>(i)]);
}

void Load::onEvent(const epoll_event& event) {
  if (event.data.fd == stop_signal_) {
    stopped_ = true;
    return watch(epoll_, EPOLL_CTL_DEL, stop_signal_, 0);
  }
  auto& connection = connections_[index_of_[static_cast<std::size_t>(event.data.fd)]];
  if (connection.fd != event.data.fd) return;  // Closed earlier in this batch.
  if (connection.state == State::kConnecting) return onConnecting(connection);
  onReadable(connection);
}

void Load::onConnecting(Connection& connection) {
  if (connection.ssl) return shakeHands(connection);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(connection, Failure::kConnect);
  watch(epoll_, EPOLL_CTL_MOD, connection.fd, EPOLLIN);
  if (!tls_) return onConnected(connection);
  connection.ssl = tls_->open(connection.fd);
  shakeHands(connection);
}

// Handshake messages are far smaller than the socket's buffer: a handshake only waits for reads.
void Load::shakeHands(Connection& connection) {
  SSL* ssl = connection.ssl.get();
  const int done = SSL_do_handshake(ssl);
  if (done != 1) {
    if (SSL_get_error(ssl, done) != SSL_ERROR_WANT_READ) fail(connection, Failure::kHandshake);
    return;
  }
  ++result_.handshakes;
  if (SSL_session_reused(ssl) == 1) ++result_.resumed;
  if (result_.protection.empty()) result_.protection = protectionOf(ssl);
  onConnected(connection);
}

void Load::onConnected(Connection& connection) {
  connection.state = State::kIdle;
  if (connection.has_request) sendRequest(connection);
}

ssize_t Load::sendBytes(Connection& connection, std::string_view bytes) {
  if (!connection.ssl) return send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return SSL_write(connection.ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
}

ssize_t Load::readBytes(Connection& connection) {
  if (!connection.ssl) return read(connection.fd, incoming_.data(), incoming_.size());
  SSL* ssl = connection.ssl.get();
  const int size = SSL_read(ssl, incoming_.data(), static_cast<int>(incoming_.size()));
  if (size > 0) return size;
  const int error = SSL_get_error(ssl, size);
  if (error == SSL_ERROR_ZERO_RETURN || (error == SSL_ERROR_SYSCALL && size == 0)) return 0;
  errno = error == SSL_ERROR_WANT_READ ? EAGAIN : ECONNRESET;
  return -1;
}

// Reads one record at a time: the socket does not report those that TLS has already buffered.
void Load::onReadable(Connection& connection) {
  const int fd = connection.fd;
  while (readOnce(connection) && connection.ssl && connection.fd == fd) {
  }
}

bool Load::readOnce(Connection& connection) {
  const ssize_t size = readBytes(connection);
  if (size < 0 && errno == EAGAIN) return false;
  if (size <= 0) {
    onEnd(connection, size < 0);
    return false;
  }
  onBytes(connection, {incoming_.data(), static_cast<std::size_t>(size)});
  return true;
}

void Load::onBytes(Connection& connection, std::string_view bytes) {
  if (!connection.has_request) return fail(connection, Failure::kWrong);
  switch (connection.reply.feed(bytes)) {
    case ReplyReader::State::kMore:
      return;
    case ReplyReader::State::kWrong:
      return fail(connection, failureOf(connection.reply));
    case ReplyReader::State::kComplete:
      return onReply(connection);
  }
}

// A malformed reply: its status, if received, is more informative.
Failure Load::failureOf(const ReplyReader& reply) const {
  const bool other = reply.status() != 0 && reply.status() != settings_.expected_status;
  return other ? Failure::kStatus : Failure::kWrong;
}

void Load::onReply(Connection& connection) {
  const auto& reply = connection.reply;
  if (reply.status() != settings_.expected_status) return fail(connection, Failure::kStatus);
  const auto length = static_cast<std::int64_t>(reply.bodyLength());
  if (settings_.expected_length >= 0 && length != settings_.expected_length) {
    return fail(connection, Failure::kLength);
  }
  // The time of the batch would be too early for all events but the first.
  result_.latency.add(nowNanoseconds() - connection.due);
  result_.body_bytes += reply.bodyLength();
  ++result_.completed;
  failures_in_a_row_ = 0;
  if (connection.ssl) tls_->remember(connection.ssl.get());
  if (settings_.new_connections || reply.closes()) closeConnection(connection);
  release(connection);
}

void Load::onEnd(Connection& connection, bool reset) {
  if (connection.has_request) return fail(connection, reset ? Failure::kReset : Failure::kClosed);
  ++result_.idle_closes;
  closeConnection(connection);  // It stays in the idle queue and is opened when its turn comes.
}

// Counts a failure, also outside of a request (a refused connection, unsolicited bytes).
void Load::fail(Connection& connection, Failure why) {
  ++result_.failures[static_cast<std::size_t>(why)];
  ++failures_in_a_row_;
  closeConnection(connection);
  if (connection.has_request) release(connection);
}

void Load::release(Connection& connection) {
  connection.has_request = false;
  connection.reply.reset();
  if (connection.state == State::kBusy) connection.state = State::kIdle;
  idle_.push_back(static_cast<std::size_t>(&connection - connections_.data()));
  --busy_;
}

void Load::closeConnection(Connection& connection) {
  if (connection.ssl) SSL_shutdown(connection.ssl.get());
  connection.ssl.reset();
  if (connection.fd >= 0) close(connection.fd);
  connection.fd = -1;
  connection.state = State::kClosed;
}

void Load::expireRequests() {
  last_check_ = now_;
  for (auto& connection : connections_) {
    const bool expired = connection.has_request && now_ > connection.started + settings_.timeout;
    if (expired) fail(connection, Failure::kTimeout);
  }
}

}  // namespace weir::bench
