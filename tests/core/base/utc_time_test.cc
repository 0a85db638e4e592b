#include "core/base/utc_time.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(UtcTime, IsSecondsSince1970) {
  EXPECT_EQ(UtcTime::parse("1970-01-01T00:00:01Z")->since_epoch, std::chrono::seconds(1));
  EXPECT_EQ(UtcTime::parse("2024-02-29T12:30:15Z")->since_epoch,
            std::chrono::seconds(1'709'209'815));
}

TEST(UtcTime, ATimeBeyondTheClockIsTheNearestOne) {
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Nanoseconds::max());
  EXPECT_EQ(UtcTime::parse("9999-12-31T23:59:59Z")->since_epoch, kLast);
  EXPECT_EQ(UtcTime::parse("2262-04-11T23:47:16Z")->since_epoch, kLast);
  EXPECT_EQ(UtcTime::parse("1969-12-31T23:59:59Z")->since_epoch, Nanoseconds(0));
  EXPECT_EQ(UtcTime::parse("0001-01-01T00:00:00Z")->since_epoch, Nanoseconds(0));
}

class InvalidTime : public testing::TestWithParam<const char*> {};

TEST_P(InvalidTime, IsRefused) { EXPECT_FALSE(UtcTime::parse(GetParam())); }

INSTANTIATE_TEST_SUITE_P(UtcTime, InvalidTime,
                         testing::Values("", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z",
                                         "2024-01-01 00:00:00Z", "2024-01-01T00:00:00",
                                         "2024-1-01T00:00:00ZZ", "2024-01-01T00:60:00Z"));

TEST(UtcTime, WritesWhatItReads) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2027-01-31T18:00:59Z", "2096-02-29T23:59:59Z"}) {
    EXPECT_EQ(UtcTime::parse(text).value().text(), text);
  }
}

TEST(UtcTime, WritesMilliseconds) {
  EXPECT_EQ(UtcTime{Nanoseconds(1'700'000'000'007'999'999)}.preciseText(),
            "2023-11-14T22:13:20.007Z");
}

}  // namespace
}  // namespace weir
