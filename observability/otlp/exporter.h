#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/base/random.h"
#include "core/event/descriptor_watch.h"
#include "core/event/log_limit.h"
#include "core/event/loop.h"
#include "core/event/write_queue.h"
#include "core/http/client.h"
#include "core/http/fetch.h"
#include "observability/otlp/metrics.h"
#include "observability/otlp/settings.h"

namespace weir::otlp {

// Sends the records of all workers to a collector, in batches by OTLP over HTTP.
//
// Never waits, and holds a bounded number of records: while the collector is away, workers drop
// what their own queues cannot hold. A request that may succeed later is repeated after a pause
// that grows, during which nothing else is sent; after five minutes its records are dropped.
//
// Thread: the control thread. Life: longer than the queues that it opens.
class Exporter {
 public:
  static constexpr std::size_t kMostRequests = 2;  // at a time
  static constexpr Milliseconds kExpiry{300'000};
  static constexpr Milliseconds kFirstPause{1'000};
  static constexpr Milliseconds kLongestPause{30'000};

  struct Tools {
    event::Loop& loop;
    http::Client& client;
    NameTable& names;
    MetricCells& cells;
  };
  static Result<std::unique_ptr<Exporter>> open(Signal signal, const Tools& tools,
                                                const Options& options);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  void configure(const Options& options);
  // A queue for the records of one worker, closed by its destruction.
  event::WriteQueueHandle openQueue();
  // Sends what has arrived by noteFlushed(), which follows once the workers have handed on all they
  // have. Calls back when that is done, or will not be done by then.
  void finish(Milliseconds patience, std::function<void()> on_done);
  void noteFlushed();

 private:
  struct Batch {
    std::string records;
    std::size_t count = 0;
    Nanoseconds created{0};  // by the monotonic clock
    unsigned tries = 0;
  };
  struct Sending {
    Batch batch;
    std::unique_ptr<http::Call> call;
  };

  Exporter(Signal signal, const Tools& tools, event::WriterSignal wake);
  void onWake();
  void onInterval();
  void onPauseOver() { pump(); }
  void onPatienceOver();
  void pump();
  void noteRecords();
  void collect();
  void take(std::string_view records);
  void seal();
  void send();
  void start(Batch batch);
  void onFetched(std::list<Sending>::iterator sending, const http::Fetched& fetched);
  void onAccepted(const Batch& batch, std::string_view answer);
  std::size_t onPartialSuccess(std::string_view message);
  void repeat(Batch batch, const http::Fetched& fetched);
  Milliseconds pauseAfter(const Batch& batch, const http::Fetched& fetched);
  void refuse(const Batch& batch, const http::Fetched& fetched);
  void warn(std::string_view what);
  void drop(DropCause cause, std::size_t records);
  void finishIfDone();
  std::string bodyOf(const Batch& batch) const;
  Milliseconds pauseLeft() const { return pause_until_ - tools_.loop.now(); }

  const Signal signal_;
  const Tools tools_;
  Options options_;
  NameId upstream_ = 0;
  std::string resource_;  // the field `resource` of ResourceSpans and ResourceLogs, encoded
  Random random_;

  event::WriterSignal wake_;
  std::unique_ptr<event::DescriptorWatch> watch_;
  std::vector<std::unique_ptr<event::WriteQueue>> queues_;
  Batch filling_;
  std::deque<Batch> waiting_;  // full, the oldest first
  std::list<Sending> sending_;
  std::size_t records_ = 0;  // in all three
  std::int64_t reported_ = 0;
  Milliseconds pause_until_{0};
  event::LogLimit warnings_;
  std::function<void()> on_done_;  // finish() was called
  bool flushed_ = false;
  event::Alarm<Exporter, &Exporter::onInterval> interval_;
  event::Alarm<Exporter, &Exporter::onPauseOver> pause_;
  event::Alarm<Exporter, &Exporter::onPatienceOver> patience_;
};

}  // namespace weir::otlp
