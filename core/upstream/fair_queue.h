#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "core/upstream/pool_waiter.h"

namespace weir::upstream {

// Waiters, served in rounds: a client connection gets one place in each round, whatever the number
// of its requests. Its own requests keep their order.
//
// Memory is allocated only here; a request that need not wait does not use the queue.
class FairQueue {
 public:
  using Turn = PoolWaiter::Turn;

  bool empty() const { return rounds_.empty(); }
  PoolWaiter& front() const { return rounds_.begin()->second.front()->waiter; }
  // The latest request of the client connection with the most requests.
  PoolWaiter& back() const { return rounds_.rbegin()->second.back()->waiter; }
  void push(Turn& turn);
  void remove(Turn& turn);

 private:
  struct Line {
    std::size_t size = 0;
    std::uint64_t last = 0;  // the round of its latest request
  };

  std::map<std::uint64_t, LinkedList<Turn>> rounds_;
  std::unordered_map<const Share*, Line> lines_;  // of client connections with requests here
  std::uint64_t round_ = 0;                       // the round served last
};

}  // namespace weir::upstream
