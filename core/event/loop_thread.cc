#include "core/event/loop_thread.h"

#include <future>
#include <pthread.h>
#include <signal.h>
#include <thread>

namespace weir::event {

struct LoopThread::Thread {
  std::thread thread;
};

LoopThread::LoopThread(std::string name, Loop::Handle loop)
    : name_(std::move(name)), loop_(std::move(loop)) {}

LoopThread::~LoopThread() { stopAndJoin(); }

void LoopThread::start() {
  thread_ = std::make_unique<Thread>();
  thread_->thread = std::thread([this] {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    // The control thread handles signals.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    loop_.run();
  });
}

void LoopThread::call(std::function<void()> task) {
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void LoopThread::stopAndJoin() {
  if (thread_ == nullptr) return;
  loop_.stop();
  thread_->thread.join();
  thread_ = nullptr;
}

}  // namespace weir::event
