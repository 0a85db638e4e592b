#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace weir::event {

class Loop;

// Work that would block loops, with a limit of how much of it is done at the same time by all of
// them together. The rest waits in order, with a limit as well.
//
// Thread: any.
class WorkQueue {
 public:
  WorkQueue(std::size_t most_running, std::size_t most_waiting);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  struct Work {
    Loop& loop;
    const void* owner;           // for cancel()
    std::function<void()> task;  // runs on another thread,
    std::function<void()> done;  // and this then on the loop's
  };
  // False if too much is waiting. The caller's thread is that of the loop.
  static bool add(const std::shared_ptr<const WorkQueue>& queue, Work work);
  // Drops the work of an owner that still waits. Work that has begun calls done().
  void cancel(const void* owner) const;

 private:
  struct State;

  static void run(const std::shared_ptr<const WorkQueue>& queue, Work work);
  static void runNext(const std::shared_ptr<const WorkQueue>& queue);

  const std::unique_ptr<State> state_;
};

// Half of the processors, and never all threads of the pool, which serves other purposes as well.
std::size_t threadsForSlowWork();

}  // namespace weir::event
