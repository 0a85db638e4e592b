#pragma once

#include <cstdint>
#include <memory>

#include "core/base/log.h"
#include "core/event/write_queue.h"

namespace weir::event {

// Writes the log of the process on a thread of its own, so that a slow reader blocks no other
// thread. Lines wait in a bounded queue; those that do not fit are counted, and a later line
// reports their number.
//
// Thread: created and destroyed on the control thread, while no other thread logs. Queued lines are
// written at the end, unless the reader takes nothing for a second.
class LogWriter final : private log::Sink {
 public:
  static constexpr std::size_t kMostBytes = 256 * 1024;  // of queued lines

  explicit LogWriter(WriterSignal signal, int descriptor = 2);
  ~LogWriter() override;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void setFormat(log::Format format);
  std::uint64_t takeDropped();  // lines, since the last call

 private:
  struct Queue;

  void write(const log::Line& line) override;
  std::unique_ptr<Queue> queue_;
};

}  // namespace weir::event
