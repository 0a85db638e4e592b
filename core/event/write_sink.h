#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/event/log_limit.h"

namespace weir::event {

// A file to which lines are appended: a path, "stdout" or "stderr"; or a socket, see
// isLogAddress(). Used by the writer thread.
class WriteSink {
 public:
  // Creates the file if it is missing, but not its directory. While it cannot be opened, writing
  // fails, and retry() tries again. Errors are logged as often as `reports` permits.
  WriteSink(std::string target, LogLimit& reports);
  ~WriteSink();
  WriteSink(const WriteSink&) = delete;
  WriteSink& operator=(const WriteSink&) = delete;

  enum class Outcome { kDone, kWouldWait, kFailed };
  // Removes written bytes from the front of `lines`. Does not wait for a slow reader of a pipe: try
  // again when descriptor() is writable.
  Outcome write(std::string_view& lines);
  // Opens the path again, as after a rotation. If that fails, the old file stays in use.
  void reopen();
  bool open() const { return descriptor_ >= 0; }
  // Tries to open a file that could not be opened, if it is time to: after pauses that double.
  void retry(Nanoseconds now);
  Nanoseconds retryAt() const { return retry_at_; }
  int descriptor() const { return descriptor_; }

 private:
  Outcome writeOnce(std::string_view& bytes);
  Outcome sendLine(std::string_view& lines);
  Outcome fail(int cause);
  bool writable() const;
  std::string_view nextPiece(std::string_view bytes) const;
  bool openAnew(std::string_view verb);
  void inspect();
  void report(std::string_view verb, std::string_view cause);

  static constexpr Nanoseconds kFirstPause = std::chrono::seconds(1);
  static constexpr Nanoseconds kLongestPause = std::chrono::minutes(1);

  const std::string target_;
  LogLimit& reports_;
  int descriptor_ = -1;
  bool may_wait_ = false;  // a pipe, socket or terminal
  const bool is_socket_;
  bool datagrams_ = false;   // each line is one
  bool line_torn_ = false;   // lines were discarded in the middle of one
  Nanoseconds retry_at_{0};  // while it is not open
  Nanoseconds pause_ = kFirstPause;
};

}  // namespace weir::event
