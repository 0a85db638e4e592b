#include "core/event/work_queue.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "core/event/loop.h"

namespace weir::event {

struct WorkQueue::State {
  const std::size_t most_running;
  const std::size_t most_waiting;
  std::mutex mutex;  // of the following
  std::size_t running = 0;
  std::list<Work> waiting = {};
};

WorkQueue::WorkQueue(std::size_t most_running, std::size_t most_waiting)
    : state_(new State{most_running, most_waiting, {}}) {}

WorkQueue::~WorkQueue() = default;

bool WorkQueue::add(const std::shared_ptr<const WorkQueue>& queue, Work work) {
  State& state = *queue->state_;
  {
    const std::lock_guard lock(state.mutex);
    if (state.running == state.most_running) {
      if (state.waiting.size() == state.most_waiting) return false;
      state.waiting.push_back(std::move(work));
      return true;
    }
    ++state.running;
  }
  run(queue, std::move(work));
  return true;
}

void WorkQueue::cancel(const void* owner) const {
  const std::lock_guard lock(state_->mutex);
  std::erase_if(state_->waiting, [owner](const Work& work) { return work.owner == owner; });
}

void WorkQueue::run(const std::shared_ptr<const WorkQueue>& queue, Work work) {
  work.loop.work(
      [queue, task = std::move(work.task)] {
        task();
        runNext(queue);
      },
      std::move(work.done));
}

// The loop of waiting work is alive: its owner would have cancelled the work otherwise.
void WorkQueue::runNext(const std::shared_ptr<const WorkQueue>& queue) {
  State& state = *queue->state_;
  const std::lock_guard lock(state.mutex);
  if (state.waiting.empty()) {
    --state.running;
    return;
  }
  Work work = std::move(state.waiting.front());
  state.waiting.pop_front();
  Loop& loop = work.loop;
  loop.post([queue, work = std::move(work)] { run(queue, work); });
}

std::size_t threadsForSlowWork() {
  constexpr std::size_t kPool = 4;  // threads of libuv
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, kPool - 1);
}

}  // namespace weir::event
