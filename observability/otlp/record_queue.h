#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "core/base/metric_cells.h"
#include "core/event/write_queue.h"
#include "observability/otlp/metrics.h"

namespace weir::otlp {

// A worker's end of the way to an exporter: records in blocks of a bounded queue. Nothing waits:
// records for which there is no room are dropped and counted.
//
// Thread: the worker.
class RecordQueue {
 public:
  RecordQueue(event::WriteQueueHandle queue, Signal signal, MetricCells& cells)
      : queue_(std::move(queue)), signal_(signal), cells_(&cells) {}

  // Adds one record: encode(room) writes it and returns its size, or 0 if it does not fit. It may
  // be called again, with more room.
  template <typename Encode>
  void add(Encode encode) {
    std::span<char> room = queue_->room();
    std::size_t size = room.size() < kUsualRecord ? 0 : encode(room);
    if (size == 0) {
      queue_->handOn();
      room = queue_->room();
      if (room.empty()) return drop(DropCause::kQueueFull);
      size = encode(room);
      if (size == 0) return drop(DropCause::kTooLarge);
    }
    queue_->commit(size);
    if (queue_->filled() >= kHandOnBytes) queue_->handOn();
  }
  void flush() { queue_->handOn(); }

 private:
  static constexpr std::size_t kUsualRecord = 2048;
  static constexpr std::size_t kHandOnBytes = 48 * 1024;

  void drop(DropCause cause) { cells_->counter(exportDroppedKey(signal_, cause)).add(); }

  event::WriteQueueHandle queue_;
  Signal signal_;
  MetricCells* cells_;
};

}  // namespace weir::otlp
