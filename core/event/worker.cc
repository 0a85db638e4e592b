#include "core/event/worker.h"

#include <future>
#include <pthread.h>
#include <signal.h>
#include <thread>

namespace weir::event {

struct Worker::Thread {
  std::thread thread;
};

Worker::Worker(std::string name, Loop::Handle loop)
    : name_(std::move(name)), loop_(std::move(loop)) {}

Worker::~Worker() { stopAndJoin(); }

void Worker::start() {
  thread_ = std::make_unique<Thread>();
  thread_->thread = std::thread([this] {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    // Signals belong to the control thread.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    loop_.run();
  });
}

void Worker::call(std::function<void()> task) {
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void Worker::stopAndJoin() {
  if (thread_ == nullptr) return;
  loop_.stop();
  thread_->thread.join();
  thread_ = nullptr;
}

}  // namespace weir::event
