#include "core/event/shared_streaks.h"

#include <gtest/gtest.h>

namespace weir::event {
namespace {

TEST(SharedStreaks, CountTogetherUntilASuccess) {
  SharedStreaks streaks;
  SharedStreaks::Use one(streaks, "10.0.0.1:80");
  SharedStreaks::Use other(streaks, "10.0.0.1:80");
  SharedStreaks::Use third(streaks, "10.0.0.2:80");
  EXPECT_EQ(one.add(), 1U);
  EXPECT_EQ(other.add(), 2U);
  EXPECT_EQ(third.add(), 1U);
  one.end();
  EXPECT_EQ(other.add(), 1U);
}

TEST(SharedStreaks, AreForgottenOnceNobodyUsesThem) {
  SharedStreaks streaks;
  {
    SharedStreaks::Use kept(streaks, "kept");
    kept.add();
    {
      SharedStreaks::Use same(streaks, "kept");
      SharedStreaks::Use other(streaks, "other");
      EXPECT_EQ(streaks.size(), 2U);
    }
    EXPECT_EQ(streaks.size(), 1U);
    EXPECT_EQ(kept.add(), 2U);
  }
  EXPECT_EQ(streaks.size(), 0U);
}

}  // namespace
}  // namespace weir::event
