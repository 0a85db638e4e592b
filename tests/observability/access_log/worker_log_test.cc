#include "observability/access_log/worker_log.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "observability/access_log/metrics.h"
#include "tests/observability/access_log/sample_record.h"
#include "tests/support/opened.h"

namespace weir::access_log {
namespace {

constexpr NameId kSink = 7;

// A log over a queue that the test empties.
struct Bench {
  SampleRecord sample;
  event::WriterSignal signal = test::opened(event::WriterSignal::open());
  event::WriteQueue queue{signal};
  MetricCells cells;
  WorkerLog log;

  explicit Bench(Settings settings)
      : log({std::move(settings), event::WriteQueueHandle(&queue), cells, kSink, Random(1)}) {}

  void logTimes(int count) {
    for (int i = 0; i < count; ++i) log.log(sample.record);
  }
  std::string takeBlock() {
    const auto block = queue.front();
    if (!block) return "nothing";
    std::string text(*block);
    queue.pop(true);
    return text;
  }
  std::uint64_t dropped() { return cells.counter(droppedKey(kSink)).value(); }
};

Settings withTemplate(std::string format) {
  Settings settings;
  settings.format = std::move(format);
  return settings;
}

auto linesIn(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(WorkerLog, KeepsLinesUntilItIsFlushed) {
  Bench bench(withTemplate("${request.id}"));
  bench.logTimes(2);
  EXPECT_EQ(bench.takeBlock(), "nothing");
  bench.log.flush();
  EXPECT_EQ(bench.takeBlock(), "0192-abc\n0192-abc\n");
}

TEST(WorkerLog, HandsOnWhenHalfABlockIsFull) {
  Bench bench(withTemplate(std::string(999, 'x')));
  bench.logTimes(32);
  EXPECT_EQ(bench.takeBlock(), "nothing");
  bench.logTimes(1);
  EXPECT_EQ(linesIn(bench.takeBlock()), 33);
}

TEST(WorkerLog, LogsWhatItsConditionAsksFor) {
  Settings settings = withTemplate("${response.status}");
  expr::Mistake mistake;
  settings.when = *Condition::parse("response.status >= 500", mistake);
  Bench bench(std::move(settings));
  bench.sample.record.status = 200;
  bench.logTimes(1);
  bench.sample.record.status = 502;
  bench.logTimes(1);
  bench.log.flush();
  EXPECT_EQ(bench.takeBlock(), "502\n");
}

TEST(WorkerLog, LogsTheShareOfItsSample) {
  Settings settings = withTemplate("x");
  settings.sample = config::Percent{10};
  Bench bench(std::move(settings));
  bench.logTimes(10'000);
  bench.log.flush();
  const auto lines = linesIn(bench.takeBlock());
  EXPECT_GT(lines, 900);
  EXPECT_LT(lines, 1100);
}

TEST(WorkerLog, LogsNothingAtASampleOfZero) {
  Settings settings = withTemplate("x");
  settings.sample = config::Percent{0};
  Bench bench(std::move(settings));
  bench.logTimes(1000);
  bench.log.flush();
  EXPECT_EQ(bench.takeBlock(), "nothing");
}

TEST(WorkerLog, DropsAndCountsWhenTheWriterDoesNotKeepUp) {
  Bench bench(withTemplate(std::string(999, 'x')));
  bench.logTimes(33 * event::WriteQueue::kBlocks);
  EXPECT_EQ(bench.dropped(), 0U);
  bench.logTimes(5);
  EXPECT_EQ(bench.dropped(), 5U);
  bench.takeBlock();
  bench.logTimes(1);
  EXPECT_EQ(bench.dropped(), 5U);
}

TEST(WorkerLog, CountsLinesThatCouldNotBeWritten) {
  Bench bench(withTemplate("x"));
  bench.logTimes(3);
  bench.log.flush();
  bench.queue.pop(false);
  bench.log.flush();
  EXPECT_EQ(bench.dropped(), 3U);
}

TEST(WorkerLog, StartsANewBlockForALineThatDoesNotFit) {
  Bench bench(withTemplate("${request.path}"));
  const std::string path = "/" + std::string(4000, 'p');
  bench.sample.record.path = path;
  bench.logTimes(8);  // 32 KiB less a few bytes
  const std::string last = "/" + std::string(9, 'q');
  bench.sample.record.path = last;
  const std::string expected_tail = "/qqqqqqqqq\n";
  bench.logTimes(100);
  bench.log.flush();
  std::string all;
  for (std::string block = bench.takeBlock(); block != "nothing"; block = bench.takeBlock()) {
    EXPECT_TRUE(block.ends_with('\n'));
    all += block;
  }
  EXPECT_EQ(linesIn(all), 108);
  EXPECT_TRUE(all.ends_with(expected_tail));
}

TEST(WorkerLog, CutsValuesRatherThanToLoseALine) {
  Settings settings;
  settings.fields.assign(Format::kMaxFields, FieldUse{Field::kRequestPath, {}, {}});
  Bench bench(std::move(settings));
  const std::string hostile(60'000, '\x01');
  bench.sample.record.path = hostile;
  bench.logTimes(1);
  bench.log.flush();
  EXPECT_EQ(linesIn(bench.takeBlock()), 1);
  EXPECT_EQ(bench.dropped(), 0U);
}

std::string contentsOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(WorkerLogs, FillAllOfTheirLogs) {
  NameTable names;
  MetricCells cells;
  const SampleRecord sample;
  std::string directory = testing::TempDir() + "weir-logs-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  Settings first = withTemplate("one ${attempts}");
  first.file = directory + "/first";
  Settings second = withTemplate("two ${attempts}");
  second.file = directory + "/second";
  {
    event::WriterThread writer(test::opened(event::WriterSignal::open()));
    std::vector<std::unique_ptr<http::AccessLog>> each;
    each.push_back(openLog(first, writer, names, cells));
    each.push_back(openLog(second, writer, names, cells));
    WorkerLogs logs(std::move(each));
    logs.log(sample.record);
  }
  EXPECT_EQ(contentsOf(first.file), "one 2\n");
  EXPECT_EQ(contentsOf(second.file), "two 2\n");
  std::filesystem::remove_all(directory);
}

TEST(WorkerLogs, CountLinesForAFileThatCannotBeOpened) {
  NameTable names;
  MetricCells cells;
  const SampleRecord sample;
  Settings settings;
  settings.file = "/nonexistent/access.log";
  event::WriterThread writer(test::opened(event::WriterSignal::open()));
  const auto log = openLog(settings, writer, names, cells);
  const auto key = droppedKey(names.intern(settings.file));
  while (cells.counter(key).value() == 0) {
    log->log(sample.record);
    log->flush();
  }
}

}  // namespace
}  // namespace weir::access_log
