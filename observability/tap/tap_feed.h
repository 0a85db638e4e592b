#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event/wheel.h"
#include "observability/admin/page_stream.h"
#include "observability/tap/tap_hub.h"

namespace weir::tap {

// The stream of one client of /tap: a "start" once every worker watches, the requests, the number
// of those that were dropped, and an "end" when the time is over. Batches of workers are
// acknowledged when the client has taken all lines, so that a client that does not read holds up
// nothing but itself.
//
// Owned by: the stream of the client.
class TapFeed final : public admin::PageFeed {
 public:
  TapFeed(TapHub& hub, TapTerms terms);
  ~TapFeed() override;

  void start(admin::PageStream& stream) override;
  void onRoom() override { pump(); }

  void onBegun();  // every worker watches
  void onEnded();  // none watches any more, and all batches have arrived
  void onBatch(std::size_t seat, TapBatch batch);

 private:
  void onTimeOver();
  bool withinRate();
  void pump();
  bool sendNotes();
  std::string countsText(std::string_view event) const;

  TapHub& hub_;
  const std::shared_ptr<const TapTerms> terms_;
  const TapId id_;
  admin::PageStream* stream_ = nullptr;
  std::optional<event::Alarm<TapFeed, &TapFeed::onTimeOver>> end_;
  std::deque<std::string> lines_;
  std::vector<std::size_t> unacknowledged_;  // seats
  std::uint64_t watched_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t limited_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_told_ = 0;
  std::int64_t second_ = 0;
  std::uint32_t in_second_ = 0;
  bool begun_ = false;
  bool start_told_ = false;
  bool over_ = false;   // the time
  bool ended_ = false;  // nothing follows
};

}  // namespace weir::tap
