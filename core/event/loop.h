#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/free_lists.h"
#include "core/base/result.h"
#include "core/event/memory_budget.h"
#include "core/event/wheel.h"

struct uv_loop_s;
struct uv_timer_s;
struct uv_prepare_s;
struct uv_async_s;

namespace weir::event {

// A task that runs once at the end of the turn in which it was requested, for example to combine
// the writes of the turn.
class TurnEnd {
 public:
  virtual ~TurnEnd() = default;

 protected:
  virtual void onTurnEnd() = 0;

 private:
  friend class Loop;
  TurnEnd* next_ = nullptr;
  bool queued_ = false;
};

// An object that can be destroyed at the end of the turn, when no caller is left on the stack.
class Disposable {
 public:
  virtual ~Disposable() = default;
};

// One libuv loop with everything that its connections share: the wheel of deadlines, the list of
// tasks at the end of the turn, the lent buffers and the memory pools.
//
// Thread: the one that calls run(). Only post() and stop() may be called from another.
class Loop final : private Wheel::Driver {
 public:
  enum class Time { kReal, kManual };  // kManual: only advance() moves the time

  struct CloseLoop {
    void operator()(uv_loop_s* loop) const;
  };
  using Handle = std::unique_ptr<uv_loop_s, CloseLoop>;
  // The system resources of a loop. Fails if descriptors or memory are exhausted.
  static Result<Handle> open();

  explicit Loop(Handle opened, Time time = Time::kReal);
  explicit Loop(Time time = Time::kReal);  // for tests and tools: aborts if open() fails
  ~Loop() override;                        // every handle must have been closed
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();      // until stop()
  void runOnce();  // handles what is ready, without waiting
  void stop();
  void advance(Milliseconds by);  // with Time::kManual only

  // Runs `task` on the loop's thread, in order of posting. The only way from one thread to another.
  void post(std::function<void()> task);
  // Runs `task` on another thread, then `done` on the loop's: for work that would block the loop.
  void work(std::function<void()> task, std::function<void()> done);
  void atTurnEnd(TurnEnd& task);
  void cancelTurnEnd(TurnEnd& task);
  void destroyLater(std::unique_ptr<Disposable> object);  // at the end of the turn, in this order

  Wheel& wheel() { return wheel_; }
  Milliseconds now() const { return wheel_.now(); }  // when this turn began
  // Call first in every callback of libuv: marks the start of an event.
  void beginEvent() {
    event_time_ = Nanoseconds(0);
    if (!turn_begun_) beginTurn();
  }
  // The time of the current event, read at the first call: the clock is read once for all stages
  // that follow each other without waiting.
  Nanoseconds eventTime() {
    if (event_time_.count() == 0) event_time_ = monotonicNow();
    return event_time_;
  }
  // Called after each turn with the time, in milliseconds, for which it kept the loop from polling.
  using TurnObserver = std::function<void(Milliseconds busy)>;
  void setTurnObserver(TurnObserver observer) { turn_observer_ = std::move(observer); }

  // True unless `reader` was the last to read in this turn: a busy connection must not starve the
  // others, and its peers need not be woken for every piece.
  bool takesTurn(const void* reader) { return std::exchange(last_reader_, reader) != reader; }

  // Buffers lent for the duration of one call, so that connections need none of their own: for
  // reading, for decrypting what was read, for producing frames, and for encrypting before a write.
  static constexpr std::size_t kLentBytes = 96 * 1024;
  char* readBuffer() { return lend(read_buffer_); }
  char* openBuffer() { return lend(open_buffer_); }
  char* frameBuffer() { return lend(frame_buffer_); }
  char* sealBuffer() { return lend(seal_buffer_); }
  BlockPool& chunks() { return chunks_; }    // 16 KiB, for queued bytes
  BlockPool& scratch() { return scratch_; }  // 4 KiB, for arenas
  FreeLists& freeLists() { return free_lists_; }
  uv_loop_s* raw() { return loop_.get(); }

  // Blocks lent by both pools count towards the budget, from now until the loop ends.
  void setBudget(MemoryBudget& budget) { budget_ = &budget; }
  // Memory outside of the pools, such as that of encoders, which counts as well.
  void addHeld(std::int64_t bytes) { held_elsewhere_ += bytes; }
  Overload overload() {
    if (budget_ == nullptr) return Overload::kNone;
    reportMemory();
    return budget_->level();
  }

 private:
  Milliseconds wheelTime() const override;
  void onEarlier() override;
  void planWake();
  void onTimer();
  void onPrepare();
  void onAsync();
  void onWorked(const std::function<void()>& done);
  void beginTurn();
  void finishTurn();
  void finishWork();
  static char* lend(std::unique_ptr<char[]>& buffer) {
    if (buffer == nullptr) buffer = std::unique_ptr<char[]>(new char[kLentBytes]);
    return buffer.get();
  }
  void closeHandles();
  void reportMemory() {
    const auto held = static_cast<std::int64_t>(chunks_.lent() * chunks_.blockBytes() +
                                                scratch_.lent() * scratch_.blockBytes()) +
                      held_elsewhere_;
    const std::int64_t change = held - reported_;
    if (change > -kReportStep && change < kReportStep) [[likely]]
      return;
    reported_ = held;
    budget_->add(change);
  }

  const Time time_;
  Handle loop_;
  std::unique_ptr<uv_timer_s> timer_;
  std::unique_ptr<uv_prepare_s> prepare_;
  std::unique_ptr<uv_async_s> async_;
  struct Inbox;
  std::unique_ptr<Inbox> inbox_;

  Wheel wheel_;
  std::unique_ptr<char[]> read_buffer_;  // each is allocated when it is first lent
  std::unique_ptr<char[]> open_buffer_;
  std::unique_ptr<char[]> frame_buffer_;
  std::unique_ptr<char[]> seal_buffer_;
  BlockPool chunks_;
  BlockPool scratch_;
  FreeLists free_lists_;
  TurnEnd* turn_end_first_ = nullptr;
  TurnEnd* turn_end_last_ = nullptr;
  std::vector<std::unique_ptr<Disposable>> doomed_;
  std::vector<std::function<void()>> inbox_batch_;
  std::vector<std::function<void()>> worked_;  // with manual time: callbacks of completed work
  static constexpr std::int64_t kReportStep = 64 * 1024;
  MemoryBudget* budget_ = nullptr;
  std::int64_t held_elsewhere_ = 0;
  std::int64_t reported_ = 0;  // bytes reported to the budget
  std::size_t at_work_ = 0;
  const void* last_reader_ = nullptr;  // in this turn
  TurnObserver turn_observer_;
  Milliseconds manual_now_{0};
  Milliseconds polled_at_{0};  // uv_now() of the turn's first event
  Nanoseconds event_time_{0};  // 0: not read yet
  bool turn_begun_ = false;    // an event has occurred since the last poll
};

}  // namespace weir::event
