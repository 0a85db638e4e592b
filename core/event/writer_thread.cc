#include "core/event/writer_thread.h"

#include <algorithm>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/event/write_sink.h"

namespace weir::event {
namespace {

constexpr Nanoseconds kFarewell = std::chrono::seconds(1);

}  // namespace

// A queue and its file. Each queue has a descriptor of its own; O_APPEND keeps their lines apart.
struct WriterThread::Outlet {
  void writeOut();

  std::unique_ptr<WriteSink> sink;
  std::unique_ptr<WriteQueue> queue;
  std::size_t written = 0;  // of the queue's first block
  bool waiting = false;     // for the sink to be writable
};

void WriterThread::Outlet::writeOut() {
  waiting = false;
  while (const auto block = queue->front()) {
    std::string_view rest = block->substr(written);
    const WriteSink::Outcome outcome = sink->write(rest);
    written = block->size() - rest.size();
    if (outcome == WriteSink::Outcome::kWouldWait) {
      waiting = true;
      return;
    }
    queue->pop(outcome == WriteSink::Outcome::kDone);
    written = 0;
  }
}

struct WriterThread::Writer {
  explicit Writer(WriterSignal rings) : signal(std::move(rings)) {}

  void run();
  bool adoptRequests();  // false if the thread is to end
  void writeAll();
  void wait(Milliseconds at_most);
  bool anyWaiting() const;
  Milliseconds untilRetry() const;

  WriterSignal signal;
  std::vector<std::unique_ptr<Outlet>> outlets;  // used by the thread only
  std::vector<pollfd> polled;                    // used by the thread only

  std::mutex mutex;  // guards the following members: requests of the control thread
  std::vector<std::unique_ptr<Outlet>> opened;
  Wish wish = Wish::kNone;
  bool stop = false;

  std::thread thread;  // last: it uses all other members
};

bool WriterThread::Writer::adoptRequests() {
  Wish wanted = Wish::kNone;
  bool goes_on = true;
  {
    const std::lock_guard lock(mutex);
    std::move(opened.begin(), opened.end(), std::back_inserter(outlets));
    opened.clear();
    wanted = std::exchange(wish, Wish::kNone);
    goes_on = !stop;
  }
  for (const auto& outlet : outlets) {
    const bool reopens =
        wanted == Wish::kReopen || (wanted == Wish::kRetry && !outlet->sink->open());
    if (reopens) outlet->sink->reopen();
  }
  return goes_on;
}

void WriterThread::Writer::writeAll() {
  const Nanoseconds now = monotonicNow();
  for (const auto& outlet : outlets) {
    outlet->sink->retry(now);
    outlet->writeOut();
  }
  std::erase_if(outlets, [](const auto& outlet) { return outlet->queue->finished(); });
}

void WriterThread::Writer::wait(Milliseconds at_most) {
  polled.assign(1, {signal.descriptor(), POLLIN, 0});
  for (const auto& outlet : outlets) {
    if (outlet->waiting) polled.push_back({outlet->sink->descriptor(), POLLOUT, 0});
  }
  ::poll(polled.data(), polled.size(), static_cast<int>(at_most.count()));
  signal.clear();
}

// Time until the next attempt to open a file that could not be opened; negative if there is none.
Milliseconds WriterThread::Writer::untilRetry() const {
  Milliseconds wait(-1);
  for (const auto& outlet : outlets) {
    if (outlet->sink->open()) continue;
    const auto left = std::max(
        std::chrono::ceil<Milliseconds>(outlet->sink->retryAt() - monotonicNow()), Milliseconds(0));
    wait = wait < Milliseconds(0) ? left : std::min(wait, left);
  }
  return wait;
}

bool WriterThread::Writer::anyWaiting() const {
  return std::any_of(outlets.begin(), outlets.end(), [](const auto& o) { return o->waiting; });
}

void WriterThread::Writer::run() {
  pthread_setname_np(pthread_self(), "writer");
  // The control thread handles signals; a broken pipe is reported as EPIPE.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (adoptRequests()) {
    writeAll();
    wait(untilRetry());
  }
  const Nanoseconds end = monotonicNow() + kFarewell;
  for (writeAll(); anyWaiting(); writeAll()) {
    const auto left = std::chrono::ceil<Milliseconds>(end - monotonicNow());
    if (left <= Milliseconds(0)) return;
    wait(left);
  }
}

WriterThread::WriterThread(WriterSignal signal)
    : writer_(std::make_unique<Writer>(std::move(signal))) {
  writer_->thread = std::thread([this] { writer_->run(); });
}

WriterThread::~WriterThread() {
  {
    const std::lock_guard lock(writer_->mutex);
    writer_->stop = true;
  }
  writer_->signal.ring();
  writer_->thread.join();
}

WriteQueueHandle WriterThread::open(const std::string& target) {
  auto outlet = std::make_unique<Outlet>();
  LogLimit& reports = reports_.try_emplace(target, kReportEvery).first->second;
  outlet->sink = std::make_unique<WriteSink>(target, reports);
  outlet->queue = std::make_unique<WriteQueue>(writer_->signal);
  WriteQueueHandle handle(outlet->queue.get());
  {
    const std::lock_guard lock(writer_->mutex);
    writer_->opened.push_back(std::move(outlet));
  }
  writer_->signal.ring();
  return handle;
}

void WriterThread::ask(Wish wish) {
  {
    const std::lock_guard lock(writer_->mutex);
    writer_->wish = std::max(writer_->wish, wish);
  }
  writer_->signal.ring();
}

void WriterThread::reopen() { ask(Wish::kReopen); }
void WriterThread::retry() { ask(Wish::kRetry); }

}  // namespace weir::event
