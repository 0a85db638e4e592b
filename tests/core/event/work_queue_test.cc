#include "core/event/work_queue.h"

#include <atomic>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/loop.h"

namespace weir::event {
namespace {

class WorkQueueTest : public ::testing::Test {
 protected:
  // Counts how much of the work runs at the same time.
  WorkQueue::Work work(const void* owner = nullptr) {
    return {loop_, owner,
            [this] {
              const int now = ++running_;
              int most = most_;
              while (now > most && !most_.compare_exchange_weak(most, now)) {
              }
              --running_;
            },
            [this] { onDone(); }};
  }
  // Work that runs until `go`.
  WorkQueue::Work blocked(const std::atomic<bool>& go, const void* owner = nullptr) {
    return {loop_, owner,
            [&go] {
              while (!go) {
              }
            },
            [this] { onDone(); }};
  }
  void runUntil(int done) {
    wanted_ = done;
    if (done_ < wanted_) loop_.run();
  }
  // What began later may be reported first.
  void onDone() {
    if (++done_ == wanted_) loop_.stop();
  }

  Loop loop_;
  std::atomic<int> running_{0};
  std::atomic<int> most_{0};
  int done_ = 0;
  int wanted_ = 0;
};

TEST_F(WorkQueueTest, RunsNoMoreThanItsLimitAtATime) {
  const auto queue = std::make_shared<const WorkQueue>(1, 100);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(WorkQueue::add(queue, work()));
  runUntil(50);
  EXPECT_EQ(most_, 1);
}

TEST_F(WorkQueueTest, RefusesWhatItHasNoRoomFor) {
  const auto queue = std::make_shared<const WorkQueue>(1, 2);
  std::atomic<bool> go{false};
  ASSERT_TRUE(WorkQueue::add(queue, blocked(go)));
  EXPECT_TRUE(WorkQueue::add(queue, work()));
  EXPECT_TRUE(WorkQueue::add(queue, work()));
  EXPECT_FALSE(WorkQueue::add(queue, work()));
  go = true;
  runUntil(3);
  EXPECT_TRUE(WorkQueue::add(queue, work()));
  runUntil(4);
}

TEST_F(WorkQueueTest, DropsWhatIsCancelledAndWaits) {
  const auto queue = std::make_shared<const WorkQueue>(1, 10);
  std::atomic<bool> go{false};
  int owner = 0;
  ASSERT_TRUE(WorkQueue::add(queue, blocked(go, &owner)));
  EXPECT_TRUE(WorkQueue::add(queue, work(&owner)));
  EXPECT_TRUE(WorkQueue::add(queue, work()));
  EXPECT_TRUE(WorkQueue::add(queue, work(&owner)));
  queue->cancel(&owner);
  go = true;
  runUntil(2);
  EXPECT_TRUE(WorkQueue::add(queue, work()));
  runUntil(3);
  EXPECT_EQ(done_, 3);
}

}  // namespace
}  // namespace weir::event
