#pragma once

#include <cstddef>
#include <vector>

namespace weir::gateway {

// The filters of a worker that wait for the next snapshot.
template <typename Filter>
class SnapshotWaiters {
 public:
  static constexpr std::size_t kMost = 1024;

  bool empty() const { return waiting_.empty(); }
  bool full() const { return waiting_.size() >= kMost; }
  void add(Filter& filter) { waiting_.push_back(&filter); }
  void remove(Filter& filter) { std::erase(waiting_, &filter); }
  // Calls resume(Filter&) for each, which may end others.
  template <typename Resume>
  void resumeAll(Resume resume) {
    std::size_t left = waiting_.size();
    while (!waiting_.empty() && left-- > 0) {
      Filter* const filter = waiting_.back();
      waiting_.pop_back();
      resume(*filter);
    }
  }

 private:
  std::vector<Filter*> waiting_;
};

}  // namespace weir::gateway
