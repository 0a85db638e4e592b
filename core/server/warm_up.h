#pragma once

#include <functional>

#include "core/event/loop.h"

namespace weir::server {

// Lets a plan wait until the sources of its data have answered for the first time, with a time
// limit.
//
// Thread: the control thread.
class WarmUp {
 public:
  // `answered`: true if every source has.
  WarmUp(event::Loop& loop, std::function<bool()> answered);

  // A plan that still waits goes live now, as it is: the sources of the next one replace its own.
  void finish();
  // Calls `on_warm` once, perhaps immediately.
  void wait(Milliseconds limit, std::function<void()> on_warm);
  void onAnswer();  // of a source

 private:
  const std::function<bool()> answered_;
  std::function<void()> on_warm_;
  event::Alarm<WarmUp, &WarmUp::finish> limit_;
};

}  // namespace weir::server
