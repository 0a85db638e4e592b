#include "gateway/auth/forward_auth/outage.h"

#include <gtest/gtest.h>

namespace weir::gateway::forward_auth {
namespace {

class OutageTest : public ::testing::Test {
 protected:
  void fail(unsigned times) {
    for (unsigned i = 0; i < times; ++i) outage.onSilence(now);
  }
  bool mayAsk() { return outage.mayAsk(now); }
  Milliseconds left() { return outage.left(now); }

  Outage outage;
  Milliseconds now{10'000};
};

TEST_F(OutageTest, FewFailuresChangeNothing) {
  fail(Outage::kFailures - 1);
  EXPECT_TRUE(mayAsk());
  EXPECT_EQ(left(), Milliseconds(0));
  outage.onAnswer();
  fail(Outage::kFailures - 1);
  EXPECT_TRUE(mayAsk());
}

TEST_F(OutageTest, OneRequestAsksAfterEachPause) {
  fail(Outage::kFailures);
  EXPECT_FALSE(mayAsk());
  EXPECT_EQ(left(), Milliseconds(1'000));
  now += Milliseconds(999);
  EXPECT_FALSE(mayAsk());
  now += Milliseconds(1);
  EXPECT_TRUE(mayAsk());
  EXPECT_FALSE(mayAsk());
  fail(1);
  EXPECT_EQ(left(), Milliseconds(2'000));
}

TEST_F(OutageTest, ThePausesGrowToALimit) {
  fail(Outage::kFailures);
  for (int i = 0; i < 10; ++i) {
    now += left();
    EXPECT_TRUE(mayAsk());
    fail(1);
  }
  EXPECT_EQ(left(), Outage::kLongestPause);
}

TEST_F(OutageTest, QuestionsFromBeforeDoNotExtendThePause) {
  fail(Outage::kFailures + 20);
  EXPECT_EQ(left(), Milliseconds(1'000));
}

TEST_F(OutageTest, AProbeThatLeavesIsFollowedByAnother) {
  fail(Outage::kFailures);
  now += Milliseconds(1'000);
  EXPECT_TRUE(mayAsk());
  now += left();
  EXPECT_TRUE(mayAsk());
}

TEST_F(OutageTest, AnAnswerEndsIt) {
  fail(Outage::kFailures);
  now += Milliseconds(1'000);
  EXPECT_TRUE(mayAsk());
  outage.onAnswer();
  EXPECT_TRUE(mayAsk());
  EXPECT_TRUE(mayAsk());
}

}  // namespace
}  // namespace weir::gateway::forward_auth
