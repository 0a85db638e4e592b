#include "core/server/warm_up.h"

#include <utility>

namespace weir::server {

WarmUp::WarmUp(event::Loop& loop, std::function<bool()> answered)
    : answered_(std::move(answered)), limit_(loop.wheel(), *this) {}

void WarmUp::finish() {
  limit_.disarm();
  if (const auto on_warm = std::exchange(on_warm_, nullptr)) on_warm();
}

void WarmUp::wait(Milliseconds limit, std::function<void()> on_warm) {
  finish();
  on_warm_ = std::move(on_warm);
  limit_.arm(limit);
  onAnswer();
}

void WarmUp::onAnswer() {
  if (on_warm_ != nullptr && answered_()) finish();
}

}  // namespace weir::server
