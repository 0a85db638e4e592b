#include "observability/access_log/worker_log.h"

#include <utility>

#include "observability/access_log/metrics.h"

namespace weir::access_log {
namespace {

constexpr std::size_t kUsualRoom = 2048;       // with less, a new block is used
constexpr std::size_t kValueLimit = 4096;      // of a value, for a line with enough room
constexpr std::size_t kShortValueLimit = 256;  // every line with these values fits into a block

}  // namespace

WorkerLog::WorkerLog(Parts parts)
    : parts_(std::move(parts)),
      format_(formatOf(parts_.settings)),
      syslog_(parts_.settings.syslog ? std::optional<SyslogHeader>(*parts_.settings.syslog)
                                     : std::nullopt),
      selection_(parts_.settings, parts_.random) {}

void WorkerLog::log(const http::ExchangeRecord& record) {
  if (!selection_.wants(record)) return;
  const std::size_t size = write(record);
  if (size == 0) return drop(1);
  parts_.queue->commit(size);
  if (parts_.queue->filled() >= kHandOnBytes) handOn();
}

// Bytes written into the queue's room, or 0 if it has none.
std::size_t WorkerLog::write(const http::ExchangeRecord& record) {
  const auto write_into = [&](std::span<char> room, std::size_t value_limit) {
    std::size_t header = 0;
    if (syslog_) {
      header = syslog_->write(record.start, room);
      if (header == 0) return header;
    }
    const std::size_t size =
        format_.write(record, parts_.settings.redaction(), room.subspan(header), value_limit);
    return size == 0 ? 0 : header + size;
  };
  std::span<char> room = parts_.queue->room();
  if (room.size() >= kUsualRoom) {
    if (const std::size_t size = write_into(room, kValueLimit); size > 0) return size;
  }
  handOn();  // a new block, unless this was one
  room = parts_.queue->room();
  if (room.empty()) return 0;
  if (const std::size_t size = write_into(room, kValueLimit); size > 0) return size;
  return write_into(room, kShortValueLimit);
}

void WorkerLog::flush() { handOn(); }

void WorkerLog::handOn() {
  parts_.queue->handOn();
  if (const std::uint64_t lost = parts_.queue->takeLost(); lost > 0) drop(lost);
}

void WorkerLog::drop(std::uint64_t lines) {
  parts_.cells.counter(droppedKey(parts_.sink)).add(lines);
}

std::unique_ptr<http::AccessLog> openLog(const Settings& settings, event::WriterThread& writer,
                                         NameTable& names, MetricCells& worker_cells) {
  const std::string target = settings.target();
  return std::make_unique<WorkerLog>(WorkerLog::Parts{settings, writer.open(target), worker_cells,
                                                      names.intern(target), Random()});
}

}  // namespace weir::access_log
