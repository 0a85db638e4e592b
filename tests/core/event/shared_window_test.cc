#include "core/event/shared_window.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weir::event {
namespace {

constexpr Milliseconds kBegin{7'000};

TEST(SharedWindow, ForgetsASecondAfterTenOthers) {
  SharedWindow window;
  window.add(5, kBegin);
  window.add(2, kBegin + Milliseconds(1'000));
  EXPECT_EQ(window.sum(kBegin + Milliseconds(9'999)), 7);
  EXPECT_EQ(window.sum(kBegin + Milliseconds(10'000)), 2);
  EXPECT_EQ(window.sum(kBegin + Milliseconds(11'000)), 0);
}

TEST(SharedWindow, ASecondReplacesTheOneTenSecondsBefore) {
  SharedWindow window;
  window.add(5, kBegin);
  window.add(-3, kBegin + Milliseconds(10'000));
  EXPECT_EQ(window.sum(kBegin + Milliseconds(10'000)), -3);
}

TEST(SharedWindow, ALateThreadAddsToTheNewerSecond) {
  SharedWindow window;
  window.add(5, kBegin + Milliseconds(10'000));
  window.add(1, kBegin);
  EXPECT_EQ(window.sum(kBegin + Milliseconds(10'000)), 6);
}

TEST(SharedWindow, StopsAtItsLimits) {
  SharedWindow window;
  for (int i = 0; i < 3; ++i) window.add(2'000'000'000, kBegin);
  EXPECT_EQ(window.sum(kBegin), 2'147'483'647);
}

TEST(SharedWindow, CountsEverythingThatThreadsAddAtTheSameTime) {
  SharedWindow window;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&window] {
      for (int n = 0; n < 50'000; ++n) window.add(1, kBegin + Milliseconds(n / 10));
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(window.sum(kBegin + Milliseconds(5'000)), 200'000);
}

}  // namespace
}  // namespace weir::event
