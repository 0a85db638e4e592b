#include "core/server/warm_up.h"

#include <gtest/gtest.h>

namespace weir::server {
namespace {

class WarmUpTest : public ::testing::Test {
 protected:
  void wait() {
    warm_up.wait(Milliseconds(1'000), [this] { ++warm; });
  }

  event::Loop loop{event::Loop::Time::kManual};
  bool answered = false;
  int warm = 0;
  WarmUp warm_up{loop, [this] { return answered; }};
};

TEST_F(WarmUpTest, DoesNotWaitForSourcesThatHaveAnswered) {
  answered = true;
  wait();
  EXPECT_EQ(warm, 1);
}

TEST_F(WarmUpTest, WaitsUntilAllHaveAnswered) {
  wait();
  warm_up.onAnswer();
  EXPECT_EQ(warm, 0);
  answered = true;
  warm_up.onAnswer();
  EXPECT_EQ(warm, 1);
  loop.advance(Milliseconds(2'000));
  warm_up.onAnswer();
  EXPECT_EQ(warm, 1);
}

TEST_F(WarmUpTest, WaitsForALimitedTime) {
  wait();
  loop.advance(Milliseconds(900));
  EXPECT_EQ(warm, 0);
  loop.advance(Milliseconds(200));
  EXPECT_EQ(warm, 1);
}

TEST_F(WarmUpTest, TheNextPlanEndsTheWaitOfTheOneBefore) {
  wait();
  wait();
  EXPECT_EQ(warm, 1);
  warm_up.finish();
  EXPECT_EQ(warm, 2);
}

}  // namespace
}  // namespace weir::server
