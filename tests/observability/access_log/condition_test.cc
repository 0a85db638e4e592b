#include "observability/access_log/condition.h"

#include <chrono>

#include <gtest/gtest.h>

namespace weir::access_log {
namespace {

http::ExchangeRecord answered(int status, Nanoseconds total = Nanoseconds(0),
                              Reason reason = Reason::kNone) {
  http::ExchangeRecord record;
  record.status = status;
  record.times.total = total;
  record.reason = reason;
  return record;
}

TEST(StatusRange, ReadsAllItsForms) {
  EXPECT_EQ(parseStatusRange("404"), (StatusRange{404, 404}));
  EXPECT_EQ(parseStatusRange("5xx"), (StatusRange{500, 599}));
  EXPECT_EQ(parseStatusRange("400-499"), (StatusRange{400, 499}));
  EXPECT_EQ(parseStatusRange(">=500"), (StatusRange{500, 599}));
  EXPECT_EQ(parseStatusRange(">499"), (StatusRange{500, 599}));
  EXPECT_EQ(parseStatusRange("<400"), (StatusRange{100, 399}));
  EXPECT_EQ(parseStatusRange("<=400"), (StatusRange{100, 400}));
}

TEST(StatusRange, RefusesWhatIsNoStatus) {
  for (const char* text :
       {"",     "99",          "600", "6xx", "0xx",   "xx",   "5x",   "5xxx", "499-400", "400-",
        "-499", "400-499-500", ">",   ">=",  ">=5xx", ">599", "<100", "=500", " 500",    "+500"}) {
    EXPECT_FALSE(parseStatusRange(text).has_value()) << text;
  }
}

TEST(StatusRange, IsReadBackFromItsText) {
  for (const char* text : {"404", "5xx", "400-499", ">=500", "<400"}) {
    const auto range = parseStatusRange(text);
    ASSERT_TRUE(range.has_value()) << text;
    EXPECT_EQ(parseStatusRange(statusRangeText(*range)), range) << text;
  }
}

TEST(Condition, HoldsForAllWhenNothingIsAsked) { EXPECT_TRUE(Condition{}.holds(answered(200))); }

TEST(Condition, AsksForAStatus) {
  const Condition errors{.status = {{{404, 404}, {500, 599}}}};
  EXPECT_TRUE(errors.holds(answered(404)));
  EXPECT_TRUE(errors.holds(answered(503)));
  EXPECT_FALSE(errors.holds(answered(200)));
  EXPECT_FALSE(errors.holds(answered(0)));
}

TEST(Condition, AsksForADuration) {
  const Condition slow{.min_duration = std::chrono::seconds(1)};
  EXPECT_TRUE(slow.holds(answered(200, std::chrono::seconds(1))));
  EXPECT_FALSE(slow.holds(answered(200, std::chrono::milliseconds(999))));
}

TEST(Condition, AsksForAReason) {
  const Condition ours{.reason = true};
  EXPECT_TRUE(ours.holds(answered(429, Nanoseconds(0), Reason::kRateLimited)));
  EXPECT_FALSE(ours.holds(answered(429)));
}

TEST(Condition, HoldsWhenAnyOfItsTestsHolds) {
  const Condition either{.status = {{{500, 599}}}, .min_duration = std::chrono::seconds(1)};
  EXPECT_TRUE(either.holds(answered(500)));
  EXPECT_TRUE(either.holds(answered(200, std::chrono::seconds(2))));
  EXPECT_FALSE(either.holds(answered(200)));
}

}  // namespace
}  // namespace weir::access_log
