#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/base/random.h"
#include "core/event/writer_thread.h"
#include "core/http/record.h"
#include "observability/access_log/selection.h"
#include "observability/access_log/settings.h"

namespace weir::access_log {

// One access log of one worker: formats lines into blocks for the writer thread. If that does not
// keep up, lines are dropped and counted in weir_access_log_dropped_total.
class WorkerLog final : public http::AccessLog {
 public:
  static constexpr std::size_t kHandOnBytes = 32 * 1024;

  struct Parts {
    Settings settings;
    event::WriteQueueHandle queue;
    MetricCells& cells;  // of the worker
    NameId sink;         // the label of the metric
    Random random;       // for the sample
  };
  explicit WorkerLog(Parts parts);
  ~WorkerLog() override { flush(); }

  void log(const http::ExchangeRecord& record) override;
  void flush() override;

 private:
  std::size_t write(const http::ExchangeRecord& record);
  void handOn();
  void drop(std::uint64_t lines);

  Parts parts_;
  const Format format_;
  const std::optional<SyslogHeader> syslog_;
  Selection selection_;
};

// All access logs of one worker.
class WorkerLogs final : public http::AccessLog {
 public:
  explicit WorkerLogs(std::vector<std::unique_ptr<http::AccessLog>> logs)
      : logs_(std::move(logs)) {}

  void log(const http::ExchangeRecord& record) override {
    for (const auto& log : logs_) log->log(record);
  }
  void flush() override {
    for (const auto& log : logs_) log->flush();
  }

 private:
  std::vector<std::unique_ptr<http::AccessLog>> logs_;
};

// Creates an access log of a worker that writes lines, to be used and destroyed on its thread.
// Thread: the control thread.
std::unique_ptr<http::AccessLog> openLog(const Settings& settings, event::WriterThread& writer,
                                         NameTable& names, MetricCells& worker_cells);

}  // namespace weir::access_log
