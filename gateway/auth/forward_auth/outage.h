#pragma once

#include <algorithm>

#include "core/base/clock.h"

namespace weir::gateway::forward_auth {

// Whether a service is silent, as one worker sees it: after several questions in a row without an
// answer, it is asked by a single request after each pause, so that the others need not wait.
class Outage {
 public:
  static constexpr unsigned kFailures = 5;
  static constexpr Milliseconds kFirstPause{1'000};
  static constexpr Milliseconds kLongestPause{30'000};

  // Whether a question may be asked now.
  bool mayAsk(Milliseconds now) {
    if (failures_ < kFailures) return true;
    if (now < pause_end_) return false;
    probing_ = true;
    pause_end_ = now + pause_;
    return true;
  }
  // Time until the next question may be asked.
  Milliseconds left(Milliseconds now) const {
    if (failures_ < kFailures) return Milliseconds(0);
    return std::max(Milliseconds(0), pause_end_ - now);
  }
  void onAnswer() { *this = {}; }
  void onSilence(Milliseconds now) {
    const bool begins = failures_ + 1 == kFailures;
    if (failures_ < kFailures) ++failures_;
    if (!begins && !probing_) return;  // of a question from before the pause
    probing_ = false;
    pause_end_ = now + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
  }

 private:
  unsigned failures_ = 0;  // in a row, at most kFailures
  bool probing_ = false;
  Milliseconds pause_ = kFirstPause;
  Milliseconds pause_end_{0};
};

}  // namespace weir::gateway::forward_auth
