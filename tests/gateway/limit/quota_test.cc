#include "gateway/limit/quota.h"

#include <chrono>

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using Period = Quota::Period;

Nanoseconds since1970(std::chrono::year_month_day day, Nanoseconds time = {}) {
  return Nanoseconds(sys_days(day).time_since_epoch()) + time;
}

TEST(Quota, IsReadAndPrinted) {
  for (const std::string_view text : {"1/hour", "10000/day", "7/week", "2147483648/month"}) {
    const auto quota = Quota::parse(text);
    ASSERT_TRUE(quota) << text;
    EXPECT_EQ(quota->text(), text);
  }
  for (const std::string_view text :
       {"", "5", "5/", "/day", "0/day", "-1/day", "5/year", "5/s", "5 /day", "2147483649/month"}) {
    EXPECT_FALSE(Quota::parse(text)) << text;
  }
}

TEST(QuotaWindow, EndsWithTheHourAndTheDay) {
  using namespace std::chrono_literals;
  const Nanoseconds time = since1970(2026y / 11 / 27, 23h + 59min + 50s);
  EXPECT_EQ(QuotaWindow::at(Period::kHour, time).left, seconds(10));
  EXPECT_EQ(QuotaWindow::at(Period::kDay, time).left, seconds(10));
  const auto number = QuotaWindow::at(Period::kDay, time).number;
  EXPECT_EQ(QuotaWindow::at(Period::kDay, time + seconds(9)).number, number);
  EXPECT_EQ(QuotaWindow::at(Period::kDay, time + seconds(10)).number, number + 1);
  EXPECT_EQ(QuotaWindow::at(Period::kDay, time + seconds(10)).left, days(1));
}

TEST(QuotaWindow, AWeekBeginsOnMonday) {
  using namespace std::chrono_literals;
  const Nanoseconds sunday = since1970(2026y / 11 / 29, 12h);
  const QuotaWindow window = QuotaWindow::at(Period::kWeek, sunday);
  EXPECT_EQ(window.left, hours(12));
  EXPECT_EQ(QuotaWindow::at(Period::kWeek, sunday - days(6)).number, window.number);
  EXPECT_EQ(QuotaWindow::at(Period::kWeek, sunday - days(7)).number, window.number - 1);
}

TEST(QuotaWindow, AMonthIsThatOfTheCalendar) {
  using namespace std::chrono_literals;
  const QuotaWindow february = QuotaWindow::at(Period::kMonth, since1970(2028y / 2 / 28));
  EXPECT_EQ(february.left, days(2));
  const QuotaWindow december = QuotaWindow::at(Period::kMonth, since1970(2026y / 12 / 31, 23h));
  EXPECT_EQ(december.left, hours(1));
  EXPECT_EQ(QuotaWindow::at(Period::kMonth, since1970(2027y / 1 / 1)).number, december.number + 1);
}

}  // namespace
}  // namespace weir::gateway
