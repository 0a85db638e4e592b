#include "observability/tap/tap_feed.h"

#include <chrono>
#include <utility>

namespace weir::tap {
namespace {

constexpr Milliseconds kPatience{1'000};

}  // namespace

TapFeed::TapFeed(TapHub& hub, TapTerms terms)
    : hub_(hub), terms_(std::make_shared<const TapTerms>(std::move(terms))), id_(hub.add(*this)) {}

TapFeed::~TapFeed() {
  if (stream_ != nullptr && !over_) hub_.end(id_);
  hub_.remove(id_);
}

void TapFeed::start(admin::PageStream& stream) {
  stream_ = &stream;
  end_.emplace(stream.loop().wheel(), *this);
  end_->arm(terms_->duration);
  hub_.begin(id_, terms_);
}

void TapFeed::onBegun() {
  begun_ = true;
  pump();
}

void TapFeed::onEnded() {
  ended_ = true;
  pump();
}

void TapFeed::onBatch(std::size_t seat, TapBatch batch) {
  watched_ += batch.watched;
  limited_ += batch.limited;
  dropped_ += batch.dropped;
  unacknowledged_.push_back(seat);
  for (std::string& line : batch.lines) {
    if (withinRate()) {
      lines_.push_back(std::move(line));
    } else {
      ++limited_;
    }
  }
  pump();
}

// Each worker may use the whole rate.
bool TapFeed::withinRate() {
  const auto now = stream_->loop().now();
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  if (std::exchange(second_, second) != second) in_second_ = 0;
  return in_second_++ < terms_->rate;
}

// A worker that hangs does not hold up the end.
void TapFeed::onTimeOver() {
  if (std::exchange(over_, true)) return onEnded();
  end_->arm(kPatience);
  hub_.end(id_);
}

// Must be the last call in a function: it may end the reply.
void TapFeed::pump() {
  if (!sendNotes()) return;
  while (!lines_.empty()) {
    if (!stream_->send("request", lines_.front())) return;
    lines_.pop_front();
    ++sent_;
  }
  for (const std::size_t seat : std::exchange(unacknowledged_, {})) hub_.acknowledge(id_, seat);
  if (ended_ && stream_->send("end", countsText("end"))) stream_->finish();
}

// What the client must know before the next lines. False if it has no room.
bool TapFeed::sendNotes() {
  if (!begun_ && !ended_) return false;
  if (!start_told_) start_told_ = stream_->send("start", R"({"event":"start"})");
  if (!start_told_) return false;
  if (dropped_ == dropped_told_) return true;
  if (!stream_->send("dropped", countsText("dropped"))) return false;
  dropped_told_ = dropped_;
  return true;
}

std::string TapFeed::countsText(std::string_view event) const {
  std::string text = R"({"event":")";
  text.append(event).append(R"(","watched":)").append(std::to_string(watched_));
  text.append(R"(,"sent":)").append(std::to_string(sent_));
  text.append(R"(,"limited":)").append(std::to_string(limited_));
  text.append(R"(,"dropped":)").append(std::to_string(dropped_)).append("}");
  return text;
}

}  // namespace weir::tap
