#include "core/event/write_sink.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/base/log.h"
#include "core/event/log_socket.h"

namespace weir::event {
namespace {

// Opening a pipe without a reader fails at once instead of waiting for a reader.
int openFile(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
}

LogSocket openTarget(const std::string& target, bool is_socket) {
  return is_socket ? openLogSocket(target) : LogSocket{openFile(target), false};
}

std::string_view causeOf(int code) {
  if (code == ENOENT) return "no such directory";
  if (code == EMFILE || code == ENFILE) return "too many open files";
  const char* text = ::strerrordesc_np(code);
  return text == nullptr ? "unknown error" : text;
}

}  // namespace

WriteSink::WriteSink(std::string target, LogLimit& reports)
    : target_(std::move(target)), reports_(reports), is_socket_(isLogAddress(target_)) {
  if (target_ == "stdout") descriptor_ = STDOUT_FILENO;
  if (target_ == "stderr") descriptor_ = STDERR_FILENO;
  if (descriptor_ >= 0) {
    inspect();
    return;
  }
  if (!openAnew("open")) retry_at_ = monotonicNow() + pause_;
}

WriteSink::~WriteSink() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

void WriteSink::inspect() {
  struct stat status {};
  may_wait_ = ::fstat(descriptor_, &status) == 0 && !S_ISREG(status.st_mode);
}

bool WriteSink::openAnew(std::string_view verb) {
  const LogSocket fresh = openTarget(target_, is_socket_);
  if (fresh.descriptor < 0) {
    report(verb, causeOf(errno));
    return false;
  }
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = fresh.descriptor;
  datagrams_ = fresh.datagrams;
  line_torn_ = false;
  pause_ = kFirstPause;
  inspect();
  return true;
}

void WriteSink::reopen() {
  if (is_socket_ && descriptor_ >= 0) return;  // a rotation does not concern it
  if (descriptor_ < 0 || descriptor_ > STDERR_FILENO) openAnew(descriptor_ < 0 ? "open" : "reopen");
}

void WriteSink::retry(Nanoseconds now) {
  if (descriptor_ >= 0 || now < retry_at_) return;
  if (openAnew("open")) return log::info(target_ + " is open now");
  pause_ = std::min(pause_ * 2, kLongestPause);
  retry_at_ = now + pause_;
}

WriteSink::Outcome WriteSink::write(std::string_view& lines) {
  if (descriptor_ < 0) return Outcome::kFailed;
  Outcome outcome = Outcome::kDone;
  if (line_torn_) {
    std::string_view line_end = "\n";
    outcome = writeOnce(line_end);
    line_torn_ = outcome != Outcome::kDone;
  }
  const std::size_t size = lines.size();
  while (outcome == Outcome::kDone && !lines.empty()) outcome = writeOnce(lines);
  if (outcome == Outcome::kFailed && lines.size() < size) {
    line_torn_ = *(lines.data() - 1) != '\n';
  }
  return outcome;
}

WriteSink::Outcome WriteSink::writeOnce(std::string_view& bytes) {
  if (may_wait_ && !writable()) return Outcome::kWouldWait;
  if (datagrams_) return sendLine(bytes);
  const std::string_view piece = nextPiece(bytes);
  const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
  if (written >= 0) {
    bytes.remove_prefix(static_cast<std::size_t>(written));
    return Outcome::kDone;
  }
  if (errno == EINTR) return Outcome::kDone;  // no error: retry
  if (errno == EAGAIN) return Outcome::kWouldWait;
  return fail(errno);
}

// One datagram. A refusal of UDP is about one that was sent before.
WriteSink::Outcome WriteSink::sendLine(std::string_view& lines) {
  const std::string_view line = lines.substr(0, lines.find('\n'));
  const ssize_t sent = ::send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL);
  const bool udp = !target_.starts_with("unix:");
  if (sent < 0) {
    if (errno == EINTR || (udp && errno == ECONNREFUSED)) return Outcome::kDone;
    if (errno == EAGAIN) return Outcome::kWouldWait;
    if (errno != EMSGSIZE) return fail(errno);
    report("send a line to", "it is too long");
  }
  lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  return Outcome::kDone;
}

// A connection that failed is made again after a pause.
WriteSink::Outcome WriteSink::fail(int cause) {
  report("write", causeOf(cause));
  if (is_socket_) {
    ::close(std::exchange(descriptor_, -1));
    retry_at_ = monotonicNow() + pause_;
  }
  return Outcome::kFailed;
}

bool WriteSink::writable() const {
  pollfd wanted{descriptor_, POLLOUT, 0};
  return ::poll(&wanted, 1, 0) != 0;  // write() reports any other condition
}

// A writable pipe takes PIPE_BUF bytes without blocking; whole lines if possible.
std::string_view WriteSink::nextPiece(std::string_view bytes) const {
  if (!may_wait_ || bytes.size() <= PIPE_BUF) return bytes;
  const std::size_t line_end = bytes.substr(0, PIPE_BUF).rfind('\n');
  return bytes.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

void WriteSink::report(std::string_view verb, std::string_view cause) {
  const auto held_back = reports_.admit(monotonicNow());
  if (!held_back) return;
  std::string text("cannot ");
  text.append(verb).append(" ").append(target_).append(": ").append(cause);
  log::warning(text);
}

}  // namespace weir::event
