#include "observability/tap/tap_hub.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "observability/tap/metrics.h"
#include "observability/tap/tap_feed.h"
#include "observability/tap/tap_line.h"

namespace weir::tap {

// Each worker may have one batch on its way and one that is being filled.
TapHub::TapHub(event::Loop& loop, MetricCells& cells, const std::vector<Station>& stations)
    : loop_(loop), active_(cells.gauge(tapsKey())) {
  const std::size_t each =
      std::max(kMostLine, kMostBytes / (2 * std::max<std::size_t>(stations.size(), 1)));
  for (const Station& station : stations) addSeat(station, each);
}

void TapHub::addSeat(const Station& station, std::size_t most_bytes) {
  auto send = [this, i = seats_.size()](TapBatch batch) {
    loop_.post([this, i, batch = std::move(batch)]() mutable { onBatch(i, std::move(batch)); });
  };
  seats_.push_back({station, std::make_unique<WorkerTap>(station.loop, station.cells, most_bytes,
                                                         std::move(send))});
}

TapHub::~TapHub() = default;

std::unique_ptr<admin::PageFeed> TapHub::makeFeed(TapTerms terms) {
  return std::make_unique<TapFeed>(*this, std::move(terms));
}

TapId TapHub::add(TapFeed& feed) {
  feeds_.emplace(++latest_, &feed);
  active_.set(static_cast<std::int64_t>(feeds_.size()));
  return latest_;
}

void TapHub::remove(TapId id) {
  feeds_.erase(id);
  active_.set(static_cast<std::int64_t>(feeds_.size()));
}

void TapHub::forEachSeat(TapId id, const std::function<void(const Seat& seat)>& work, Told told) {
  const auto left = std::make_shared<std::size_t>(seats_.size());  // counted on this thread
  const auto on_done = [this, id, told, left] {
    if (--*left > 0) return;
    const auto feed = feeds_.find(id);
    if (feed != feeds_.end()) (feed->second->*told)();
  };
  for (const Seat& seat : seats_) {
    seat.station.post([this, &seat, work, on_done] {
      work(seat);
      loop_.post(on_done);
    });
  }
}

void TapHub::begin(TapId id, const std::shared_ptr<const TapTerms>& terms) {
  const auto work = [id, terms](const Seat& seat) {
    seat.tap->add(id, terms);
    seat.station.use(seat.tap.get());
  };
  forEachSeat(id, work, &TapFeed::onBegun);
}

void TapHub::end(TapId id) {
  const auto work = [id](const Seat& seat) {
    seat.tap->remove(id);
    if (seat.tap->idle()) seat.station.use(nullptr);
  };
  forEachSeat(id, work, &TapFeed::onEnded);
}

void TapHub::acknowledge(TapId id, std::size_t seat) {
  WorkerTap& tap = *seats_[seat].tap;
  seats_[seat].station.post([&tap, id] { tap.acknowledge(id); });
}

// The feed may have ended meanwhile.
void TapHub::onBatch(std::size_t seat, TapBatch batch) {
  const auto feed = feeds_.find(batch.tap);
  if (feed != feeds_.end()) feed->second->onBatch(seat, std::move(batch));
}

}  // namespace weir::tap
