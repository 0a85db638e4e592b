#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace weir::event {

// A file that lines are appended to: a path, "stdout" or "stderr". Used by the writer thread.
class WriteSink {
 public:
  // Fails when the file cannot be opened; makes it when it is missing, but not its directory.
  static Result<std::unique_ptr<WriteSink>> open(std::string target);
  ~WriteSink();
  WriteSink(const WriteSink&) = delete;
  WriteSink& operator=(const WriteSink&) = delete;

  enum class Outcome { kDone, kWouldWait, kFailed };
  // Takes what was written off the front of `lines`. A pipe whose reader is slow does not hold us
  // up: try again when descriptor() is writable. The cause of a failure is logged once a minute.
  Outcome write(std::string_view& lines);
  // Opens the path anew, as after a rotation. When that fails, the old file stays in use.
  void reopen();
  int descriptor() const { return descriptor_; }

 private:
  WriteSink(std::string target, int descriptor);
  Outcome writeOnce(std::string_view& bytes);
  bool writable() const;
  std::string_view nextPiece(std::string_view bytes) const;
  void inspect();
  void report(std::string_view verb, std::string_view cause);

  const std::string target_;
  int descriptor_;
  bool may_wait_ = false;   // a pipe, socket or terminal
  bool line_torn_ = false;  // lines were given up in the middle of one
  Nanoseconds reported_at_;
};

}  // namespace weir::event
