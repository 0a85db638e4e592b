#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace weir::event {

// A number of consecutive failures that all workers count. Any thread.
class SharedStreak {
 public:
  std::uint32_t add() { return count_.fetch_add(1, std::memory_order_relaxed) + 1; }
  void end() {  // after a success; seldom writes
    if (count_.load(std::memory_order_relaxed) != 0) count_.store(0, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint32_t> count_{0};
};

// Streaks by name. Any thread; takes a lock, so not for every request.
class SharedStreaks {
 public:
  // The same object for the same name, as long as anyone holds it.
  std::shared_ptr<SharedStreak> get(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (streaks_.size() >= sweep_at_) sweep();
    std::weak_ptr<SharedStreak>& known = streaks_[name];
    std::shared_ptr<SharedStreak> streak = known.lock();
    if (streak == nullptr) known = streak = std::make_shared<SharedStreak>();
    return streak;
  }
  std::size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return streaks_.size();
  }

 private:
  static constexpr std::size_t kLeastSweep = 64;

  void sweep() {
    std::erase_if(streaks_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = kLeastSweep + 2 * streaks_.size();
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<SharedStreak>> streaks_;
  std::size_t sweep_at_ = kLeastSweep;
};

}  // namespace weir::event
