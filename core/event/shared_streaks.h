#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir::event {

// Numbers of consecutive failures, by name, that all workers count.
class SharedStreaks {
  struct Entry {
    std::atomic<std::uint32_t> count{0};
    std::size_t uses = 0;
  };
  using Entries = std::unordered_map<std::string, Entry>;

 public:
  // A streak; all uses of a name share one, which exists as long as there is a use. Making and
  // destroying a use takes a lock, the rest does not.
  class Use {
   public:
    Use(SharedStreaks& all, const std::string& name) : all_(all), entry_(all.acquire(name)) {}
    ~Use() { all_.release(entry_); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    std::uint32_t add() { return count().fetch_add(1, std::memory_order_relaxed) + 1; }
    void end() {  // after a success; seldom writes
      if (count().load(std::memory_order_relaxed) != 0) count().store(0, std::memory_order_relaxed);
    }

   private:
    std::atomic<std::uint32_t>& count() { return entry_.second.count; }

    SharedStreaks& all_;
    Entries::value_type& entry_;
  };

  std::size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_.size();
  }

 private:
  Entries::value_type& acquire(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Entries::value_type& entry = *entries_.try_emplace(name).first;
    ++entry.second.uses;
    return entry;
  }
  void release(Entries::value_type& entry) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--entry.second.uses == 0) entries_.erase(entries_.find(entry.first));
  }

  std::mutex mutex_;
  Entries entries_;
};

}  // namespace weir::event
