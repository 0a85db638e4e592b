#include "core/base/utc_time.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(UtcTime, IsSecondsSince1970) {
  EXPECT_EQ(UtcTime::parse("1970-01-01T00:00:01Z")->since_epoch, std::chrono::seconds(1));
  EXPECT_EQ(UtcTime::parse("2024-02-29T12:30:15Z")->since_epoch,
            std::chrono::seconds(1'709'209'815));
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

}  // namespace
}  // namespace weir
