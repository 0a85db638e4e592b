#include "core/event/loop_thread.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/opened.h"

namespace weir::event {
namespace {

TEST(LoopThread, RunsTasksOnAThreadOfItsOwn) {
  LoopThread worker("test", test::opened(Loop::open()));
  worker.start();
  std::thread::id ran_on;
  worker.call([&] { ran_on = std::this_thread::get_id(); });
  EXPECT_NE(ran_on, std::this_thread::get_id());
  EXPECT_NE(ran_on, std::thread::id());
}

TEST(LoopThread, RunsTasksInOrder) {
  LoopThread worker("test", test::opened(Loop::open()));
  std::vector<int> seen;
  worker.post([&] { seen.push_back(1); });
  worker.start();
  worker.post([&] { seen.push_back(2); });
  worker.call([&] { seen.push_back(3); });
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
}

TEST(LoopThread, RunsWhatWasPostedBeforeItIsStopped) {
  int tasks = 0;
  LoopThread worker("a name that is longer than the system allows", test::opened(Loop::open()));
  worker.start();
  for (int i = 0; i < 100; ++i) worker.post([&] { ++tasks; });
  worker.stopAndJoin();
  EXPECT_EQ(tasks, 100);
}

TEST(LoopThread, MayNeverBeStarted) {
  LoopThread worker("test", test::opened(Loop::open()));
  worker.stopAndJoin();
}

}  // namespace
}  // namespace weir::event
