#include "core/event/log_writer.h"

#include <cerrno>
#include <climits>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

#include "core/base/clock.h"

namespace weir::event {
namespace {

constexpr Nanoseconds kLastWords = std::chrono::seconds(1);

// The amount that a writable pipe takes without blocking; whole lines if possible.
std::string_view firstPiece(std::string_view text) {
  if (text.size() <= PIPE_BUF) return text;
  const std::size_t line_end = text.substr(0, PIPE_BUF).rfind('\n');
  return text.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

}  // namespace

struct LogWriter::Queue {
  Queue(WriterSignal rings, int to) : descriptor(to), signal(std::move(rings)) {}

  void push(const log::Line& line);
  void run();
  std::string take(bool& ends);
  bool stopping();
  bool waitForRoom(Nanoseconds& end);
  bool writeOut(std::string_view text);  // false: timed out

  const int descriptor;
  WriterSignal signal;

  std::mutex mutex;  // guards the following members
  std::string pending;
  log::Format format = log::Format::kText;
  std::uint64_t untold = 0;   // dropped lines not yet reported by a line
  std::uint64_t dropped = 0;  // for the metric
  bool stop = false;

  std::thread thread;  // last: it uses all of the above
};

void LogWriter::Queue::push(const log::Line& line) {
  {
    const std::lock_guard lock(mutex);
    std::string text = log::lineText(line, format);
    if (untold > 0) {
      const std::string note = std::to_string(untold) +
                               " lines of this log were dropped: " + "the reader does not keep up";
      text.insert(0, log::lineText({log::Level::kWarning, line.time, note}, format));
    }
    if (pending.size() + text.size() > kMostBytes) {
      ++untold;
      ++dropped;
      return;
    }
    untold = 0;
    pending += text;
  }
  signal.ring();
}

std::string LogWriter::Queue::take(bool& ends) {
  const std::lock_guard lock(mutex);
  ends = stop;
  return std::exchange(pending, {});
}

void LogWriter::Queue::run() {
  pthread_setname_np(pthread_self(), "log");
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (true) {
    bool ends = false;
    const std::string text = take(ends);
    if (!text.empty() && !writeOut(text)) return;
    if (!text.empty()) continue;
    if (ends) return;
    pollfd rung{signal.descriptor(), POLLIN, 0};
    ::poll(&rung, 1, -1);
    signal.clear();
  }
}

bool LogWriter::Queue::stopping() {
  const std::lock_guard lock(mutex);
  return stop;
}

// Waits until the descriptor is writable or the signal is rung. True if it is writable. `end` is
// the time at which to give up; it is 0 until the writer is to stop, which is asked before each
// wait: run() may have cleared the signal that announced it.
bool LogWriter::Queue::waitForRoom(Nanoseconds& end) {
  if (end == Nanoseconds(0) && stopping()) end = monotonicNow() + kLastWords;
  pollfd waits[] = {{descriptor, POLLOUT, 0}, {signal.descriptor(), POLLIN, 0}};
  const auto left = std::chrono::ceil<Milliseconds>(end - monotonicNow());
  ::poll(waits, 2, end > Nanoseconds(0) ? static_cast<int>(left.count()) : -1);
  if (waits[1].revents != 0) signal.clear();
  return waits[0].revents != 0;
}

bool LogWriter::Queue::writeOut(std::string_view text) {
  Nanoseconds end{0};
  while (!text.empty()) {
    if (end > Nanoseconds(0) && monotonicNow() >= end) return false;
    if (!waitForRoom(end)) continue;
    const std::string_view piece = firstPiece(text);
    const ssize_t written = ::write(descriptor, piece.data(), piece.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) break;  // the reader is gone
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

LogWriter::LogWriter(WriterSignal signal, int descriptor)
    : queue_(std::make_unique<Queue>(std::move(signal), descriptor)) {
  queue_->thread = std::thread([this] { queue_->run(); });
  log::setSink(this);
}

LogWriter::~LogWriter() {
  log::setSink(nullptr);
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->stop = true;
  }
  queue_->signal.ring();
  queue_->thread.join();
}

void LogWriter::setFormat(log::Format format) {
  const std::lock_guard lock(queue_->mutex);
  queue_->format = format;
}

std::uint64_t LogWriter::takeDropped() {
  const std::lock_guard lock(queue_->mutex);
  return std::exchange(queue_->dropped, 0);
}

void LogWriter::write(const log::Line& line) { queue_->push(line); }

}  // namespace weir::event
