#include "core/event/shared_streaks.h"

#include <gtest/gtest.h>

namespace weir::event {
namespace {

TEST(SharedStreaks, CountTogetherUntilASuccess) {
  SharedStreaks streaks;
  const auto one = streaks.get("10.0.0.1:80");
  const auto other = streaks.get("10.0.0.1:80");
  EXPECT_EQ(one->add(), 1U);
  EXPECT_EQ(other->add(), 2U);
  EXPECT_EQ(streaks.get("10.0.0.2:80")->add(), 1U);
  one->end();
  EXPECT_EQ(other->add(), 1U);
}

TEST(SharedStreaks, AreForgottenOnceNobodyHoldsThem) {
  SharedStreaks streaks;
  const auto kept = streaks.get("kept");
  kept->add();
  for (int i = 0; i < 10'000; ++i) streaks.get(std::to_string(i));
  EXPECT_LT(streaks.size(), 200U);
  EXPECT_EQ(streaks.get("kept")->add(), 2U);
}

}  // namespace
}  // namespace weir::event
