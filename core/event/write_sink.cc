#include "core/event/write_sink.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/base/log.h"

namespace weir::event {
namespace {

constexpr Nanoseconds kReportEvery = std::chrono::minutes(1);

// A pipe without a reader fails at once rather than to wait for one.
int openFile(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
}

Error errorOf(int code) {
  switch (code) {
    case ENOENT:
      return {ErrorCode::kNotFound, Origin::kLocal, "no such directory"};
    case EMFILE:
    case ENFILE:
      return {ErrorCode::kExhausted, Origin::kLocal, "too many open files"};
    default: {
      const char* text = ::strerrordesc_np(code);
      return {ErrorCode::kSystem, Origin::kLocal, text == nullptr ? "cannot be opened" : text};
    }
  }
}

}  // namespace

Result<std::unique_ptr<WriteSink>> WriteSink::open(std::string target) {
  int descriptor = -1;
  if (target == "stdout") {
    descriptor = STDOUT_FILENO;
  } else if (target == "stderr") {
    descriptor = STDERR_FILENO;
  } else {
    descriptor = openFile(target);
    if (descriptor < 0) return errorOf(errno);
  }
  return std::unique_ptr<WriteSink>(new WriteSink(std::move(target), descriptor));
}

WriteSink::WriteSink(std::string target, int descriptor)
    : target_(std::move(target)),
      descriptor_(descriptor),
      reported_at_(monotonicNow() - kReportEvery) {
  inspect();
}

WriteSink::~WriteSink() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

void WriteSink::inspect() {
  struct stat status {};
  may_wait_ = ::fstat(descriptor_, &status) == 0 && !S_ISREG(status.st_mode);
}

void WriteSink::reopen() {
  if (descriptor_ <= STDERR_FILENO) return;
  const int fresh = openFile(target_);
  if (fresh < 0) return report("reopen", errorOf(errno).detail);
  ::close(descriptor_);
  descriptor_ = fresh;
  line_torn_ = false;
  inspect();
}

WriteSink::Outcome WriteSink::write(std::string_view& lines) {
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
  const std::string_view piece = nextPiece(bytes);
  const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
  if (written >= 0) {
    bytes.remove_prefix(static_cast<std::size_t>(written));
    return Outcome::kDone;
  }
  if (errno == EINTR) return Outcome::kDone;  // nothing written, nothing wrong
  if (errno == EAGAIN) return Outcome::kWouldWait;
  report("write", errorOf(errno).detail);
  return Outcome::kFailed;
}

bool WriteSink::writable() const {
  pollfd wanted{descriptor_, POLLOUT, 0};
  return ::poll(&wanted, 1, 0) != 0;  // what else it may be shows in write()
}

// A pipe that is writable takes PIPE_BUF bytes without waiting; whole lines, when they fit.
std::string_view WriteSink::nextPiece(std::string_view bytes) const {
  if (!may_wait_ || bytes.size() <= PIPE_BUF) return bytes;
  const std::size_t line_end = bytes.substr(0, PIPE_BUF).rfind('\n');
  return bytes.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

void WriteSink::report(std::string_view verb, std::string_view cause) {
  const Nanoseconds now = monotonicNow();
  if (now - reported_at_ < kReportEvery) return;
  reported_at_ = now;
  std::string text("cannot ");
  text.append(verb).append(" ").append(target_).append(": ").append(cause);
  log::warning(text);
}

}  // namespace weir::event
