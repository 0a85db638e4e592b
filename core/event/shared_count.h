#pragma once

#include <atomic>
#include <cstdint>

namespace weir::event {

// A number with a limit that all workers share: open connections of a listener or the process.
// Changed once or twice in the life of a connection, never for a request.
class SharedCount {
 public:
  // Adds one unless `limit` is reached; 0 means no limit.
  bool tryAdd(std::uint64_t limit) {
    const std::uint64_t before = count_.fetch_add(1, std::memory_order_relaxed);
    if (limit == 0 || before < limit) return true;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void remove() { count_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint64_t value() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace weir::event
