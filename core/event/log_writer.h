#pragma once

#include <cstdint>
#include <memory>

#include "core/base/log.h"
#include "core/event/write_queue.h"

namespace weir::event {

// Writes the program's log on a thread of its own while it lives, so that nobody ever waits for
// whoever reads it. Lines wait in a bounded queue; those that find no room are counted, and a later
// line says how many there were.
//
// Thread: made and destroyed on the control thread, while no other thread logs. Lines that wait at
// the end are written, unless the reader takes nothing for a second.
class LogWriter final : private log::Sink {
 public:
  static constexpr std::size_t kMostBytes = 256 * 1024;  // that wait

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
