#include "core/event/loop.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <uv.h>

#include "core/base/check.h"
#include "core/event/descriptors.h"
#include "core/event/system_error.h"

namespace weir::event {
namespace {

constexpr std::size_t kChunkBytes = 16 * 1024;
constexpr std::size_t kScratchBytes = 4 * 1024;
// With the first loop, libuv creates a pipe that all loops share, and aborts on failure: enough
// descriptors for that pipe and for everything opened before it must be available.
constexpr unsigned kAtFirst = 4;

}  // namespace

struct Loop::Inbox {
  std::mutex mutex;
  std::vector<std::function<void()>> tasks;
  bool stop = false;
};

void Loop::CloseLoop::operator()(uv_loop_s* loop) const {
  // An open handle here is a leak in weir: every test is a leak test.
  WEIR_CHECK(uv_loop_close(loop) == 0);
  delete loop;
}

Result<Loop::Handle> Loop::open() {
  const auto room = checkDescriptors(kAtFirst);
  if (!room.ok()) return room.error();
  auto loop = std::make_unique<uv_loop_t>();
  const int failure = uv_loop_init(loop.get());
  if (failure != 0) return errorOf(failure);
  return Handle(loop.release());
}

Loop::Loop(Time time) : Loop(std::move(open().value()), time) {}

Loop::Loop(Handle opened, Time time)
    : time_(time),
      loop_(std::move(opened)),
      timer_(std::make_unique<uv_timer_t>()),
      prepare_(std::make_unique<uv_prepare_t>()),
      async_(std::make_unique<uv_async_t>()),
      inbox_(std::make_unique<Inbox>()),
      chunks_(kChunkBytes),
      scratch_(kScratchBytes) {
  // These need no system resources: open() has acquired them.
  WEIR_CHECK(uv_timer_init(loop_.get(), timer_.get()) == 0);
  WEIR_CHECK(uv_prepare_init(loop_.get(), prepare_.get()) == 0);
  timer_->data = prepare_->data = this;
  const auto on_async = [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->onAsync(); };
  WEIR_CHECK(uv_async_init(loop_.get(), async_.get(), on_async) == 0);
  async_->data = this;
  uv_prepare_start(prepare_.get(),
                   [](uv_prepare_t* h) { static_cast<Loop*>(h->data)->onPrepare(); });
  wheel_.setDriver(this);
  wheel_.advance(wheelTime());
}

Loop::~Loop() {
  finishTurn();
  // The work ends soon, because its requesters are gone.
  while (at_work_ > 0) uv_run(loop_.get(), UV_RUN_ONCE);
  closeHandles();
  // Close callbacks run in the next turn; a handle that was not closed must not block here.
  for (int turn = 0; turn < 8 && uv_run(loop_.get(), UV_RUN_NOWAIT) != 0; ++turn) {
  }
}

void Loop::closeHandles() {
  uv_close(reinterpret_cast<uv_handle_t*>(timer_.get()), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(prepare_.get()), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(async_.get()), nullptr);
}

void Loop::run() {
  uv_run(loop_.get(), UV_RUN_DEFAULT);
  finishTurn();
}

void Loop::runOnce() {
  uv_run(loop_.get(), UV_RUN_NOWAIT);
  finishTurn();
}

void Loop::stop() {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->stop = true;
  }
  uv_async_send(async_.get());
}

void Loop::advance(Milliseconds by) {
  WEIR_CHECK(time_ == Time::kManual);
  beginEvent();
  manual_now_ += by;
  wheel_.holdTime(manual_now_);
  wheel_.advance(manual_now_);
  finishTurn();
}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->tasks.push_back(std::move(task));
  }
  uv_async_send(async_.get());
}

void Loop::onAsync() {
  beginEvent();
  bool stop = false;
  {
    const std::lock_guard lock(inbox_->mutex);
    std::swap(inbox_batch_, inbox_->tasks);
    stop = std::exchange(inbox_->stop, false);
  }
  for (auto& task : inbox_batch_) task();
  inbox_batch_.clear();
  if (stop) uv_stop(loop_.get());
}

void Loop::work(std::function<void()> task, std::function<void()> done) {
  if (time_ == Time::kManual) {  // with manual time, nothing polls for the other thread
    task();
    worked_.push_back(std::move(done));
    return;
  }
  struct Work {
    uv_work_t request;
    Loop& loop;
    std::function<void()> task;
    std::function<void()> done;
  };
  auto* work = new Work{{}, *this, std::move(task), std::move(done)};
  work->request.data = work;
  const auto run = [](uv_work_t* request) { static_cast<Work*>(request->data)->task(); };
  const auto finish = [](uv_work_t* request, int) {
    const std::unique_ptr<Work> finished(static_cast<Work*>(request->data));
    finished->loop.onWorked(finished->done);
  };
  ++at_work_;
  WEIR_CHECK(uv_queue_work(loop_.get(), &work->request, run, finish) == 0);
}

void Loop::onWorked(const std::function<void()>& done) {
  beginEvent();
  --at_work_;
  done();
}

void Loop::atTurnEnd(TurnEnd& task) {
  if (task.queued_) return;
  task.queued_ = true;
  task.next_ = nullptr;
  (turn_end_last_ == nullptr ? turn_end_first_ : turn_end_last_->next_) = &task;
  turn_end_last_ = &task;
}

void Loop::cancelTurnEnd(TurnEnd& task) {
  if (!task.queued_) return;
  TurnEnd* before = nullptr;
  for (TurnEnd* at = turn_end_first_; at != &task; at = at->next_) before = at;
  (before == nullptr ? turn_end_first_ : before->next_) = task.next_;
  if (turn_end_last_ == &task) turn_end_last_ = before;
  task.queued_ = false;
}

void Loop::destroyLater(std::unique_ptr<Disposable> object) {
  doomed_.push_back(std::move(object));
}

void Loop::finishWork() {
  const auto worked = std::exchange(worked_, {});
  for (const auto& done : worked) done();
}

void Loop::finishTurn() {
  // These callbacks may request more of both: continue until nothing is left.
  while (turn_end_first_ != nullptr || !doomed_.empty() || !worked_.empty()) {
    if (!worked_.empty()) [[unlikely]]
      finishWork();
    while (turn_end_first_ != nullptr) {
      TurnEnd* task = turn_end_first_;
      turn_end_first_ = task->next_;
      if (turn_end_first_ == nullptr) turn_end_last_ = nullptr;
      task->queued_ = false;
      task->onTurnEnd();
    }
    if (doomed_.empty()) continue;
    auto doomed = std::move(doomed_);
    doomed_.clear();
    for (auto& each : doomed) each = nullptr;
  }
}

// libuv read the clock right after polling, so that reading its time is free.
void Loop::beginTurn() {
  turn_begun_ = true;
  polled_at_ = Milliseconds(uv_now(loop_.get()));
  wheel_.holdTime(wheelTime());
}

// Called right before polling, which ends the turn. Since the turn began, libuv has updated its
// time.
void Loop::onPrepare() {
  finishTurn();
  wheel_.releaseTime();
  event_time_ = Nanoseconds(0);
  last_reader_ = nullptr;
  if (budget_ != nullptr) reportMemory();
  if (!std::exchange(turn_begun_, false)) return;
  if (turn_observer_) turn_observer_(Milliseconds(uv_now(loop_.get())) - polled_at_);
}

Milliseconds Loop::wheelTime() const {
  return time_ == Time::kManual ? manual_now_ : Milliseconds(uv_now(loop_.get()));
}

void Loop::onEarlier() {
  if (time_ == Time::kReal) planWake();
}

void Loop::planWake() {
  const Milliseconds wait = wheel_.untilNext(Milliseconds(uv_now(loop_.get())));
  if (wait < Milliseconds(0)) return;
  wheel_.wakePlanned();
  uv_timer_start(
      timer_.get(), [](uv_timer_t* handle) { static_cast<Loop*>(handle->data)->onTimer(); },
      static_cast<std::uint64_t>(wait.count()), 0);
}

void Loop::onTimer() {
  beginEvent();
  // Other events of this turn may have taken long; libuv has updated its time since.
  const Milliseconds now(uv_now(loop_.get()));
  wheel_.holdTime(now);
  wheel_.advance(now);
  planWake();
}

}  // namespace weir::event
