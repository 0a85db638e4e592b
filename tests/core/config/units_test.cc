#include "core/config/units.h"

#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace weir::config {
namespace {

using namespace std::chrono_literals;

TEST(Duration, HasADecimalNumberAndAUnit) {
  EXPECT_EQ(parseDuration("250ms"), 250ms);
  EXPECT_EQ(parseDuration("1.5s"), 1500ms);
  EXPECT_EQ(parseDuration("2m"), 120s);
  EXPECT_EQ(parseDuration("1h"), 3600s);
  EXPECT_EQ(parseDuration("7d"), 168h);
  EXPECT_EQ(parseDuration("10us"), 10us);
  EXPECT_EQ(parseDuration("0.001us"), 1ns);
  EXPECT_EQ(parseDuration("0.25m"), 15s);
  EXPECT_EQ(parseDuration("3ns"), 3ns);
  EXPECT_EQ(parseDuration("0"), 0ns);
  EXPECT_EQ(parseDuration("0s"), 0ns);
  EXPECT_EQ(parseDuration("1.500000000000s"), 1500ms);
}

TEST(Duration, OtherFormsAreRefused) {
  for (const char* text : {"", "5", "s", "-1s", "+1s", " 1s", "1s ", "1 s", "1.s", ".5s", "1,5s",
                           "1m30s", "1S", "1sec", "1e3s", "0x10s", "1.5ns", "0.1ns", "1s\n"}) {
    EXPECT_EQ(parseDuration(text), std::nullopt) << text;
  }
}

TEST(Duration, TheLongestIsWhatNanosecondsHold) {
  EXPECT_EQ(parseDuration("9223372036854775807ns"), Nanoseconds::max());
  EXPECT_EQ(parseDuration("9223372036854775808ns"), std::nullopt);
  EXPECT_EQ(parseDuration("9223372036.854775807s"), Nanoseconds::max());
  EXPECT_EQ(parseDuration("9223372036.854775808s"), std::nullopt);
  EXPECT_EQ(parseDuration("106752d"), std::nullopt);
  EXPECT_EQ(parseDuration("99999999999999999999s"), std::nullopt);
}

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(durationText(0ns), "0s");
  EXPECT_EQ(durationText(1500ms), "1500ms");
  EXPECT_EQ(durationText(90s), "90s");
  EXPECT_EQ(durationText(5min), "5m");
  EXPECT_EQ(durationText(48h), "2d");
  EXPECT_EQ(durationText(1us), "1us");
  EXPECT_EQ(durationText(Nanoseconds::max()), "9223372036854775807ns");
}

TEST(Size, HasAWholeNumberAndABinaryUnit) {
  EXPECT_EQ(Size::parse("512B"), Size{512});
  EXPECT_EQ(Size::parse("64KiB"), Size{65536});
  EXPECT_EQ(Size::parse("1MiB"), Size{1 << 20});
  EXPECT_EQ(Size::parse("2GiB"), Size{2ULL << 30U});
  EXPECT_EQ(Size::parse("3TiB"), Size{3ULL << 40U});
  EXPECT_EQ(Size::parse("0"), Size{0});
  EXPECT_EQ(Size::parse("16777215TiB"), Size{16777215ULL << 40U});
}

TEST(Size, OtherFormsAreRefused) {
  for (const char* text :
       {"", "64", "64KB", "64kib", "64 KiB", "1.5KiB", "-1B", "KiB", "64K", "16777216TiB"}) {
    EXPECT_EQ(Size::parse(text), std::nullopt) << text;
  }
}

TEST(Size, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(Size{0}.text(), "0B");
  EXPECT_EQ(Size{1000}.text(), "1000B");
  EXPECT_EQ(Size{65536}.text(), "64KiB");
  EXPECT_EQ(Size{3ULL << 40U}.text(), "3TiB");
}

TEST(Rate, IsANumberPerUnitOfTime) {
  EXPECT_EQ(Rate::parse("100/s"), Rate{100});
  EXPECT_EQ(Rate::parse("30/m"), Rate{0.5});
  EXPECT_EQ(Rate::parse("0.5/s"), Rate{0.5});
  EXPECT_EQ(Rate::parse("36/h"), Rate{0.01});
  EXPECT_EQ(Rate::parse("86400/d"), Rate{1});
  EXPECT_EQ(Rate::parse("0"), Rate{0});
}

TEST(Rate, OtherFormsAreRefused) {
  for (const char* text : {"", "100", "/s", "100/", "100/w", "100 /s", "-1/s", "1e3/s", "inf/s",
                           "nan/s", "1.5.2/s", "0x1p3/s"}) {
    EXPECT_EQ(Rate::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(Rate::parse(std::string(400, '9') + "/s"), std::nullopt);
}

TEST(Rate, IsReadBackAsItWasWritten) {
  for (const char* text : {"100/s", "10/m", "7/h", "1/d", "15/m", "1000000/s", "0/s"}) {
    EXPECT_EQ(Rate::parse(text)->text(), text);
  }
  EXPECT_EQ(Rate::parse("0.25/s")->text(), "15/m");
  EXPECT_EQ(Rate::parse("1.3/h"), Rate::parse(Rate::parse("1.3/h")->text()));
}

TEST(FileMode, IsOctal) {
  EXPECT_EQ(FileMode::parse("0660"), FileMode{0660});
  EXPECT_EQ(FileMode::parse("660"), FileMode{0660});
  EXPECT_EQ(FileMode::parse("0777"), FileMode{0777});
  EXPECT_EQ(FileMode::parse("0007")->text(), "0007");
  for (const std::string_view wrong :
       {"", "66", "0", "0668", "1777", "00660", "0x1ff", "rw-", "-660"}) {
    EXPECT_EQ(FileMode::parse(wrong), std::nullopt) << wrong;
  }
}

TEST(Percent, IsANumberWithASign) {
  EXPECT_EQ(Percent::parse("20%"), Percent{20});
  EXPECT_EQ(Percent::parse("0.5%"), Percent{0.5});
  EXPECT_EQ(Percent::parse("0.5%")->fraction(), 0.005);
  EXPECT_EQ(Percent::parse("20"), std::nullopt);
  EXPECT_EQ(Percent::parse("-1%"), std::nullopt);
  EXPECT_EQ(Percent::parse("%"), std::nullopt);
  EXPECT_EQ(Percent{12.5}.text(), "12.5%");
}

Address of(std::string host, std::uint16_t port) { return {std::move(host), port, {}}; }

TEST(Address, IsAHostWithAPortOrAPath) {
  EXPECT_EQ(Address::parse("10.0.0.1:80"), of("10.0.0.1", 80));
  EXPECT_EQ(Address::parse("orders.internal:8080"), of("orders.internal", 8080));
  EXPECT_EQ(Address::parse(":8080"), of("", 8080));
  EXPECT_EQ(Address::parse("[::1]:80"), of("::1", 80));
  EXPECT_EQ(Address::parse("[fe80::1%eth0]:80"), of("fe80::1%eth0", 80));
  EXPECT_EQ(Address::parse("localhost:0"), of("localhost", 0));
  EXPECT_EQ(Address::parse("unix:/run/x.sock"), (Address{"", 0, "/run/x.sock"}));
}

TEST(Address, OtherFormsAreRefused) {
  for (const char* text :
       {"",          "localhost", "80",       ":",     "host:",          "host:65536", "host:-1",
        "host:+1",   "host:80a",  "::1:80",   "[]:80", "[::1]",          "[::1]80",    "[host]:80",
        "[::1%]:80", "ho st:80",  "host/:80", "unix:", "http://host:80", "[::1:80",    "::1]:80",
        "[::g]:80",  "a:b:80",    "host: 80"}) {
    EXPECT_EQ(Address::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(Address::parse("unix:" + std::string(108, 'x')), std::nullopt);
  EXPECT_EQ(Address::parse(std::string(254, 'x') + ":80"), std::nullopt);
  EXPECT_EQ(Address::parse(std::string("unix:/a\0b", 9)), std::nullopt);
}

TEST(Address, IsReadBackAsItWasWritten) {
  for (const char* text : {"10.0.0.1:80", ":80", "[::1]:80", "unix:/run/x.sock", "host:0"}) {
    EXPECT_EQ(Address::parse(text)->text(), text);
  }
}

TEST(LikelyAmount, GuessesTheUnit) {
  constexpr std::string_view kSizes[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  constexpr std::string_view kTimes[] = {"s", "ms", "us", "ns", "m", "h", "d"};
  EXPECT_EQ(likelyAmount("5", kTimes, "s"), "5s");
  EXPECT_EQ(likelyAmount("5 sec", kTimes, "s"), "5s");
  EXPECT_EQ(likelyAmount("5min", kTimes, "s"), "5m");
  EXPECT_EQ(likelyAmount("5 msec", kTimes, "s"), "5ms");
  EXPECT_EQ(likelyAmount("64kb", kSizes, "B"), "64KiB");
  EXPECT_EQ(likelyAmount("1.5M", kSizes, "B"), "1.5MiB");
  EXPECT_EQ(likelyAmount("soon", kTimes, "s"), "");
  EXPECT_EQ(likelyAmount("5x", kTimes, "s"), "");
}

}  // namespace
}  // namespace weir::config
