#include "core/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::log {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// The level is global to the process: restores the previous one.
class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override { setLevel(before); }
  static std::string written(Level least) {
    setLevel(least);
    ::testing::internal::CaptureStderr();
    debug("one");
    info("two {}");
    warning("three");
    error("four");
    return ::testing::internal::GetCapturedStderr();
  }

  const Level before = level();
};

TEST_F(LogTest, WritesLinesWithTimeAndLevel) {
  EXPECT_THAT(written(Level::kDebug),
              ContainsRegex("^[0-9-]+T[0-9:.]+Z debug one\n[^\n]+Z info two \\{\\}\n"
                            "[^\n]+Z warning three\n[^\n]+Z error four\n$"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevel) {
  EXPECT_THAT(written(Level::kWarning), Not(HasSubstr("two")));
  EXPECT_THAT(written(Level::kError), Not(HasSubstr("three")));
  EXPECT_THAT(written(Level::kError), HasSubstr("four"));
}

TEST_F(LogTest, KnowsItsLevel) {
  for (const Level each : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    setLevel(each);
    EXPECT_EQ(level(), each);
  }
}

constexpr Nanoseconds kNoon = std::chrono::seconds(1'767'268'800) + Milliseconds(7);

TEST(LogLine, IsText) {
  EXPECT_EQ(lineText({Level::kInfo, kNoon, "ready"}, Format::kText),
            "2026-01-01T12:00:00.007Z info ready\n");
}

TEST(LogLine, IsJson) {
  EXPECT_EQ(lineText({Level::kWarning, kNoon, R"(a "b" \c)"}, Format::kJson),
            R"({"time":"2026-01-01T12:00:00.007Z","level":"warning","message":"a \"b\" \\c"})"
            "\n");
}

TEST(LogLine, IsOneLineWhateverItSays) {
  EXPECT_EQ(lineText({Level::kError, kNoon, "a\r\nb\x1b[2J\x7f"}, Format::kText),
            "2026-01-01T12:00:00.007Z error a\\x0d\\x0ab\\x1b[2J\\x7f\n");
  EXPECT_EQ(lineText({Level::kError, kNoon, "a\nb"}, Format::kJson),
            R"({"time":"2026-01-01T12:00:00.007Z","level":"error","message":"a\u000ab"})"
            "\n");
}

}  // namespace
}  // namespace weir::log
