#include "core/http/date.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

using std::chrono::seconds;

TEST(DateText, IsTheExampleOfTheStandard) {
  EXPECT_EQ(DateText().at(seconds(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(DateText, KnowsLeapDaysAndTheEndsOfDays) {
  DateText date;
  EXPECT_EQ(date.at(seconds(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(seconds(951868799)), "Tue, 29 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(date.at(seconds(951868800)), "Wed, 01 Mar 2000 00:00:00 GMT");
  EXPECT_EQ(date.at(seconds(4107542399)), "Sun, 28 Feb 2100 23:59:59 GMT");
}

TEST(DateText, ChangesWithTheSecond) {
  DateText date;
  const auto at = [&](Nanoseconds now) { return std::string(date.at(now)); };
  EXPECT_EQ(at(Nanoseconds(1'999'999'999)), "Thu, 01 Jan 1970 00:00:01 GMT");
  EXPECT_EQ(at(Nanoseconds(2'000'000'000)), "Thu, 01 Jan 1970 00:00:02 GMT");
  EXPECT_EQ(at(Nanoseconds(2'000'000'001)), "Thu, 01 Jan 1970 00:00:02 GMT");
}

}  // namespace
}  // namespace weir::http
