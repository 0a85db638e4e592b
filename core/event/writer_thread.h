#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/event/log_limit.h"
#include "core/event/write_queue.h"

namespace weir::event {

// The thread that writes log files, so that no worker ever waits for a disk or a pipe.
//
// Thread: the control thread makes it, opens queues and destroys it after the last of them was
// closed. What was handed on by then is written, save what a pipe does not take within a second.
class WriterThread {
 public:
  explicit WriterThread(WriterSignal signal);
  ~WriterThread();
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // A new queue to `target`: a path, which is appended to, "stdout" or "stderr". To be filled by
  // one thread and closed (destroyed) by it. A file that cannot be opened is tried again, after
  // pauses and on reopen(); lines for it are lost until then.
  WriteQueueHandle open(const std::string& target);
  // Asks to open all paths anew, or those that could not be opened. Lines that wait go to the old
  // file or the new one.
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
