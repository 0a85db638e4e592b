#include "observability/access_log/worker_log.h"

#include <cmath>
#include <utility>

#include "observability/access_log/metrics.h"

namespace weir::access_log {
namespace {

constexpr std::uint64_t kAll = 1'000'000;
constexpr std::size_t kUsualRoom = 2048;       // with less, a new block is used
constexpr std::size_t kValueLimit = 4096;      // of a value, for a line with enough room
constexpr std::size_t kShortValueLimit = 256;  // every line with these values fits into a block

}  // namespace

WorkerLog::WorkerLog(Parts parts)
    : parts_(std::move(parts)),
      format_(formatOf(parts_.settings)),
      sample_(static_cast<std::uint64_t>(std::llround(parts_.settings.sample.fraction() * kAll))) {}

void WorkerLog::log(const http::ExchangeRecord& record) {
  if (!wants(record)) return;
  const std::size_t size = write(record);
  if (size == 0) return drop(1);
  parts_.queue->commit(size);
  if (parts_.queue->filled() >= kHandOnBytes) handOn();
}

bool WorkerLog::wants(const http::ExchangeRecord& record) {
  if (parts_.settings.when.given()) {
    const bool wanted = holds(parts_.settings.when, record, arena_);
    arena_.reset();
    if (!wanted) return false;
  }
  return sample_ >= kAll || parts_.random.below(kAll) < sample_;
}

// Bytes written into the queue's room, or 0 if it has none.
std::size_t WorkerLog::write(const http::ExchangeRecord& record) {
  const auto write_into = [&](std::span<char> room, std::size_t value_limit) {
    return format_.write(record, parts_.settings.redact_query, room, value_limit);
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

std::unique_ptr<http::AccessLog> openLogs(const std::vector<Settings>& settings,
                                          event::WriterThread& writer, NameTable& names,
                                          MetricCells& worker_cells) {
  std::vector<std::unique_ptr<http::AccessLog>> logs;
  logs.reserve(settings.size());
  for (const Settings& one : settings) {
    logs.push_back(std::make_unique<WorkerLog>(WorkerLog::Parts{
        one, writer.open(one.file), worker_cells, names.intern(one.file), Random()}));
  }
  return std::make_unique<WorkerLogs>(std::move(logs));
}

}  // namespace weir::access_log
