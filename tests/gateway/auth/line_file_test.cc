#include "gateway/auth/line_file.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

// The lines of a text that arrives in pieces of `step` bytes, and the faults.
struct CutLines {
  CutLines(std::string_view text, std::size_t step) {
    LineCutter cutter([this](std::string_view line) {
      lines.emplace_back(line);
      return line == "bad" ? std::string("is bad") : std::string();
    });
    for (std::size_t at = 0; at < text.size(); at += step) cutter.feed(text.substr(at, step));
    cutter.finish();
    faults = cutter.faults();
  }
  std::vector<std::string> lines;
  std::vector<LineFault> faults;
};

TEST(LineFile, CutsLinesHoweverTheyArrive) {
  const std::string text = "# comment\n\none\r\n  two words \n#\nthree";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    EXPECT_EQ(CutLines(text, step).lines, (std::vector<std::string>{"one", "two words", "three"}));
  }
}

TEST(LineFile, CountsLinesOfFaults) {
  const CutLines cut("one\n# x\nbad\n\nbad\n", 3);
  ASSERT_EQ(cut.faults.size(), 2U);
  EXPECT_EQ(cut.faults[0].text("keys.txt"), "keys.txt:3: is bad");
  EXPECT_EQ(cut.faults[1].line, 5U);
}

TEST(LineFile, LimitsTheLengthOfLines) {
  const std::string longest(LineCutter::kMostBytes, 'a');
  for (const std::size_t step : {std::size_t{1000}, std::size_t{100'000}}) {
    EXPECT_TRUE(CutLines(longest + "\nb", step).faults.empty());
    const CutLines cut(longest + "a\nb\n", step);
    ASSERT_EQ(cut.faults.size(), 1U);
    EXPECT_EQ(cut.faults[0].line, 1U);
    EXPECT_EQ(cut.lines, std::vector<std::string>{"b"});
    EXPECT_EQ(CutLines(longest + "a", step).faults.size(), 1U);
  }
}

TEST(LineFile, LimitsTheNumberOfLinesAndFaults) {
  std::string text;
  for (std::size_t i = 0; i < LineCutter::kMostLines; ++i) text += "x\n";
  EXPECT_TRUE(CutLines(text, 1 << 20U).faults.empty());
  const CutLines cut(text + "x\nx\n", 1 << 20U);
  ASSERT_EQ(cut.faults.size(), 1U);
  EXPECT_EQ(cut.faults[0].line, LineCutter::kMostLines + 1);
  std::string bad;
  for (int i = 0; i < 20; ++i) bad += "bad\n";
  EXPECT_EQ(CutLines(bad, 100).faults.size(), LineCutter::kMostFaults);
}

TEST(LineFile, NamesTheTroubleWithAFile) {
  const auto add = [](std::string_view) { return std::string(); };
  EXPECT_EQ(readLines("no/such/file", add).at(0).text("no/such/file"),
            "no/such/file: No such file or directory");
  EXPECT_EQ(readLines("tests", add).at(0).what, "not a regular file");
}

}  // namespace
}  // namespace weir::gateway
