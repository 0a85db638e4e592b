#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/event/log_limit.h"
#include "core/event/write_queue.h"

namespace weir::event {

// The thread that writes log files, so that no worker ever waits for a disk or a pipe.
//
// Thread: the control thread creates it, opens queues, and destroys it after the last of them was
// closed. All blocks handed on by then are written, except those that a pipe does not take within a
// second.
class WriterThread {
 public:
  explicit WriterThread(WriterSignal signal);
  ~WriterThread();
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // Creates a queue to `target`: a path, to which lines are appended, "stdout" or "stderr". One
  // thread fills it and closes (destroys) it. If the file cannot be opened, opening is retried
  // after pauses and on reopen(); until then lines are lost.
  WriteQueueHandle open(const std::string& target);
  // Requests that all paths are opened again, including those that could not be opened. Queued
  // lines go to the old file or the new one.
  void reopen();
  void retry();

 private:
  struct Outlet;
  struct Writer;
  static constexpr Nanoseconds kReportEvery = std::chrono::minutes(1);
  enum class Wish { kNone, kRetry, kReopen };

  void ask(Wish wish);

  std::map<std::string, LogLimit> reports_;  // by target; outlives the thread
  std::unique_ptr<Writer> writer_;
};

}  // namespace weir::event
