#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/event/loop.h"

namespace weir::event {

// One thread with one loop. Posted tasks create and destroy the objects that live on it.
class LoopThread {
 public:
  LoopThread(std::string name, Loop::Handle loop);
  ~LoopThread();  // stops and joins
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void start();
  // From any thread; in order.
  void post(std::function<void()> task) { loop_.post(std::move(task)); }
  // Runs `task` on the worker and waits for it. Never from the worker itself.
  void call(std::function<void()> task);
  void stopAndJoin();
  Loop& loop() { return loop_; }

 private:
  struct Thread;
  const std::string name_;
  Loop loop_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace weir::event
