#include "core/upstream/fair_queue.h"

#include <algorithm>

namespace weir::upstream {

// A new request joins the next round: ever new connections cannot delay earlier requests forever.
void FairQueue::push(Turn& turn) {
  Line& line = lines_[turn.waiter.share()];
  ++line.size;
  line.last = turn.round = std::max(line.last, round_) + 1;
  rounds_[turn.round].pushBack(turn);
}

void FairQueue::remove(Turn& turn) {
  const auto of_round = rounds_.find(turn.round);
  if (of_round == rounds_.begin()) round_ = turn.round;
  of_round->second.remove(turn);
  if (of_round->second.empty()) rounds_.erase(of_round);
  const auto line = lines_.find(turn.waiter.share());
  if (--line->second.size == 0) lines_.erase(line);
}

}  // namespace weir::upstream
