#include "core/event/log_writer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fcntl.h>
#include <numeric>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/number.h"
#include "core/event/log_limit.h"
#include "tests/support/opened.h"

namespace weir::event {
namespace {

// A pipe that is read only on request of the test.
class LogWriterTest : public ::testing::Test {
 protected:
  LogWriterTest() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~LogWriterTest() override {
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  int writingEnd() const { return ends_[1]; }
  // All output, once the last writer has been destroyed.
  std::string readAll() {
    ::close(std::exchange(ends_[1], -1));
    std::string text;
    while (readSome(text)) {
    }
    return text;
  }
  bool readSome(std::string& text) const {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
    if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
    return size > 0;
  }

 private:
  std::array<int, 2> ends_{};
};

// The numbers in the lines that report dropped lines.
std::vector<std::uint64_t> reportedDrops(const std::string& text) {
  constexpr std::string_view kReport = " lines of this log were dropped";
  std::vector<std::uint64_t> numbers;
  for (auto at = text.find(kReport); at != std::string::npos; at = text.find(kReport, at + 1)) {
    const std::size_t first = text.rfind(' ', at - 1) + 1;
    const auto number =
        parseNumber<std::uint64_t>(std::string_view(text).substr(first, at - first));
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

TEST_F(LogWriterTest, WritesLinesInOrder) {
  {
    LogWriter writer(test::opened(WriterSignal::open()), writingEnd());
    log::info("one");
    writer.setFormat(log::Format::kJson);
    log::warning("two");
  }
  EXPECT_THAT(readAll(), ::testing::ContainsRegex("^[^\n]+Z info one\n[{][^\n]+\"two\"[}]\n$"));
}

TEST_F(LogWriterTest, DropsAndCountsWhatNobodyReads) {
  std::string text;
  std::uint64_t dropped = 0;
  constexpr int kLines = 2'000;
  {
    LogWriter writer(test::opened(WriterSignal::open()), writingEnd());
    const std::string filler(500, 'x');
    for (int i = 0; i < kLines; ++i) log::info(filler);  // 1 MB: more than pipe and queue hold
    dropped = writer.takeDropped();
    EXPECT_GT(dropped, 0U);
    EXPECT_EQ(writer.takeDropped(), 0U);
    // Once the pipe is read, the next line states the number of dropped lines that no line has
    // stated before.
    const auto kept = kLines - static_cast<std::ptrdiff_t>(dropped);
    while (std::count(text.begin(), text.end(), '\n') < kept) readSome(text);
    log::info("reads again");
  }
  text += readAll();
  EXPECT_THAT(text, ::testing::HasSubstr("reads again"));
  const std::vector<std::uint64_t> reports = reportedDrops(text);
  EXPECT_EQ(std::accumulate(reports.begin(), reports.end(), std::uint64_t{0}), dropped);
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')),
            kLines - dropped + reports.size() + 1);
}

TEST_F(LogWriterTest, EndsWhileNobodyReads) {
  LogWriter writer(test::opened(WriterSignal::open()), writingEnd());
  for (int i = 0; i < 1'000; ++i) log::info(std::string(500, 'x'));
}

TEST(LogLimit, LetsOneThroughInAWhile) {
  using std::chrono::seconds;
  LogLimit limit(seconds(10));
  EXPECT_EQ(limit.admit(seconds(100)), 0U);
  EXPECT_EQ(limit.admit(seconds(101)), std::nullopt);
  EXPECT_EQ(limit.admit(seconds(109)), std::nullopt);
  EXPECT_EQ(limit.admit(seconds(110)), 2U);
  EXPECT_EQ(limit.admit(seconds(125)), 0U);
  EXPECT_EQ(LogLimit::text(0), "");
  EXPECT_EQ(LogLimit::text(2), " (and 2 more since the last such message)");
}

}  // namespace
}  // namespace weir::event
