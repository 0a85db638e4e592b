#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/event/loop.h"
#include "observability/admin/page_stream.h"
#include "observability/tap/worker_tap.h"

namespace weir::tap {

class TapFeed;

// The clients of /tap, and the workers from which their requests come.
//
// Thread: the control thread. Destroyed after the workers have ended.
class TapHub {
 public:
  static constexpr std::size_t kMostBytes = 1024 * 1024;  // that wait for the client of one tap

  // A worker, which outlives its use by the hub.
  struct Station {
    event::Loop& loop;   // the worker's
    MetricCells& cells;  // the worker's
    std::function<void(std::function<void()> task)> post;
    std::function<void(proxy::Tap* tap)> use;  // called on the worker; null: nobody watches
  };

  TapHub(event::Loop& loop, MetricCells& cells, const std::vector<Station>& stations);
  ~TapHub();
  TapHub(const TapHub&) = delete;
  TapHub& operator=(const TapHub&) = delete;

  bool full() const { return feeds_.size() >= WorkerTap::kMostTaps; }
  // The feed of a client, unless the hub is full. It counts until it is destroyed.
  std::unique_ptr<admin::PageFeed> makeFeed(TapTerms terms);

 private:
  friend class TapFeed;
  struct Seat {
    Station station;
    std::unique_ptr<WorkerTap> tap;  // used on the worker only
  };

  TapId add(TapFeed& feed);
  void remove(TapId id);
  // The workers begin to watch. The feed learns when all of them have begun.
  void begin(TapId id, const std::shared_ptr<const TapTerms>& terms);
  void end(TapId id);  // likewise, they no longer watch
  void acknowledge(TapId id, std::size_t seat);
  using Told = void (TapFeed::*)();
  // Does the work on each worker, then tells the feed, if there still is one.
  void addSeat(const Station& station, std::size_t most_bytes);
  void forEachSeat(TapId id, const std::function<void(const Seat& seat)>& work, Told told);
  void onBatch(std::size_t seat, TapBatch batch);

  event::Loop& loop_;
  std::vector<Seat> seats_;
  std::map<TapId, TapFeed*> feeds_;
  TapId latest_ = 0;
  Gauge active_;
};

}  // namespace weir::tap
