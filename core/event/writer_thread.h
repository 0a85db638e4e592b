#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/event/write_queue.h"

namespace weir::event {

// The thread that writes log files, so that no worker ever waits for a disk or a pipe.
//
// Thread: the control thread makes it, opens queues and destroys it after the last of them was
// closed. What was handed on by then is written, save what a pipe does not take within a second.
class WriterThread {
 public:
  WriterThread();
  ~WriterThread();
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // A new queue to `target`: a path, which is appended to, "stdout" or "stderr". To be filled by
  // one thread and closed (destroyed) by it. Fails when the file cannot be opened.
  Result<WriteQueueHandle> open(const std::string& target);
  // Asks to open all paths anew. Lines that wait go to the old file or the new one.
  void reopen();

 private:
  struct Outlet;
  struct Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace weir::event
