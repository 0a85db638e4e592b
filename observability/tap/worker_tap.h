#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/proxy/tap.h"
#include "observability/tap/metrics.h"
#include "observability/tap/tap_terms.h"

namespace weir::tap {

using TapId = std::uint64_t;

// What a worker passes on for one tap: lines of JSON, and counts since the batch before.
struct TapBatch {
  TapId tap = 0;
  std::vector<std::string> lines = {};
  std::uint64_t watched = 0;  // exchanges that have ended
  std::uint64_t limited = 0;  // wanted, but beyond the rate
  std::uint64_t dropped = 0;  // wanted, but there was no room
};

// The taps of one worker. Each has at most one batch on its way; meanwhile lines wait here, within
// a limit. If the batch is not acknowledged, because the client of the tap does not read, the
// lines beyond are dropped and counted before they are written.
//
// Thread: the worker.
class WorkerTap final : public proxy::Tap {
 public:
  static constexpr std::size_t kMostTaps = 4;
  using Send = std::function<void(TapBatch batch)>;

  // `most_bytes`: of the lines that wait, for each tap. `cells`: the worker's.
  WorkerTap(event::Loop& loop, MetricCells& cells, std::size_t most_bytes, Send send)
      : loop_(loop),
        dropped_(cells.counter(tapDroppedKey())),
        most_bytes_(most_bytes),
        send_(std::move(send)) {}

  // At most kMostTaps at the same time.
  void add(TapId tap, std::shared_ptr<const TapTerms> terms);
  void remove(TapId tap);       // sends what is left
  bool idle() const;            // there are no taps
  void acknowledge(TapId tap);  // the latest batch of the tap: another one may follow

  // proxy::Tap
  proxy::ExchangeSteps* begin(Arena& arena) override;
  void end(const proxy::ExchangeSteps& steps, const http::ExchangeRecord& record) override;

 private:
  struct Watcher {
    std::shared_ptr<const TapTerms> terms;  // null: free
    TapBatch batch;                         // being filled
    std::size_t bytes = 0;                  // of its lines
    bool on_its_way = false;                // the batch before
    std::int64_t second = 0;                // for the rate
    std::uint32_t in_second = 0;
  };
  static constexpr std::uint64_t kAll = 1'000'000;

  Watcher* find(TapId tap);
  bool withinRate(Watcher& watcher);
  void offer(Watcher& watcher, const proxy::ExchangeSteps& steps,
             const http::ExchangeRecord& record);
  void sendBatch(Watcher& watcher);

  void drop(TapBatch& batch);

  event::Loop& loop_;
  Counter dropped_;
  const std::size_t most_bytes_;
  const Send send_;
  Random random_;
  std::array<Watcher, kMostTaps> watchers_;
};

}  // namespace weir::tap
