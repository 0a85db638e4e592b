#include "core/base/metric_cells.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/metric_keys.h"

namespace weir {
namespace {

using Words = std::pair<std::uint64_t, std::uint64_t>;

Words wordsOf(MetricKey key) { return {key.low(), key.high()}; }

// The first cell of every entry, by key.
std::map<Words, std::uint64_t> contentsOf(const MetricCells& cells) {
  std::map<Words, std::uint64_t> found;
  cells.forEach([&](MetricKey key, const MetricCell* cell) {
    const bool is_new = found.emplace(wordsOf(key), cell->value()).second;
    EXPECT_TRUE(is_new);
  });
  return found;
}

std::vector<std::uint64_t> histogramOf(const MetricCells& cells, MetricKey wanted) {
  std::vector<std::uint64_t> values;
  cells.forEach([&](MetricKey key, const MetricCell* cell) {
    for (std::size_t i = 0; key == wanted && i < Histogram::kCells; ++i) {
      values.push_back(cell[i].value());
    }
  });
  return values;
}

void fill(MetricCells& cells, NameId count) {
  for (NameId name = 1; name <= count; ++name)
    cells.counter(requestBodyBytesKey(1, name)).add(name);
}

TEST(MetricKey, KeepsItsPartsApart) {
  const MetricKey key(Metric::kScrapeDuration, {0xFFFFFFFF, 7, 0xABCDEF01}, {1023, 127, 85});
  EXPECT_EQ(key.metric(), Metric::kScrapeDuration);
  EXPECT_EQ(key.names().a, 0xFFFFFFFF);
  EXPECT_EQ(key.names().b, 7U);
  EXPECT_EQ(key.names().c, 0xABCDEF01);
  EXPECT_EQ(key.fields().code, 1023U);
  EXPECT_EQ(key.fields().first, 127U);
  EXPECT_EQ(key.fields().second, 85U);
}

TEST(MetricKey, TakesOnlyRealStatuses) {
  EXPECT_EQ(codeField(0), 0U);
  EXPECT_EQ(codeField(100), 100U);
  EXPECT_EQ(codeField(599), 599U);
  EXPECT_EQ(codeField(99), 1023U);
  EXPECT_EQ(codeField(600), 1023U);
  EXPECT_EQ(codeField(-1), 1023U);
  EXPECT_EQ(codeClass(0), 0U);
  EXPECT_EQ(codeClass(204), 2U);
  EXPECT_EQ(codeClass(999), 6U);
}

TEST(Counter, AddsToTheCellOfItsLabels) {
  MetricCells cells;
  const CounterKey ok = requestsKey(1, 2, 0, AppProtocol::kH1, 200);
  const CounterKey failed = requestsKey(1, 2, 0, AppProtocol::kH1, 503);
  cells.counter(ok).add();
  cells.counter(failed).add(5);
  cells.counter(ok).add();
  EXPECT_EQ(contentsOf(cells),
            (std::map<Words, std::uint64_t>{{wordsOf(ok), 2}, {wordsOf(failed), 5}}));
}

TEST(Counter, StaysValidWhenTheTableGrows) {
  MetricCells cells;
  const Counter kept = cells.counter(requestBodyBytesKey(9, 9));
  fill(cells, 5000);
  kept.add(3);
  EXPECT_EQ(cells.counter(requestBodyBytesKey(9, 9)).value(), 3U);
}

TEST(Gauge, GoesUpAndDownAndBelowZero) {
  MetricCells cells;
  const Gauge gauge = cells.gauge(requestsInFlightKey(1));
  gauge.add(2);
  gauge.add(-3);
  EXPECT_EQ(gauge.value(), -1);
  gauge.set(40);
  EXPECT_EQ(gauge.value(), 40);
}

TEST(Histogram, CountsUpToAndWithTheBoundOfABucket) {
  const auto search = [](std::int64_t value) {
    std::size_t below = 0;
    for (const std::int64_t bound : kBucketBounds) below += bound < value ? 1U : 0U;
    return below;
  };
  for (const std::int64_t bound : kBucketBounds) {
    EXPECT_EQ(bucketOf(bound - 1), search(bound - 1));
    EXPECT_EQ(bucketOf(bound), search(bound));
    EXPECT_EQ(bucketOf(bound + 1), search(bound + 1));
  }
  EXPECT_EQ(bucketOf(0), 0U);
  EXPECT_EQ(bucketOf(INT64_MAX), kBucketBounds.size());
}

TEST(Histogram, KeepsSumAndBuckets) {
  MetricCells cells;
  const HistogramKey key = timeToFirstByteKey(1, 2);
  const Histogram histogram = cells.histogram(key);
  histogram.observe(Nanoseconds(400'000));
  histogram.observe(std::chrono::seconds(31));
  histogram.observe(Nanoseconds(-5));  // negative after a clock step: counted as 0
  std::vector<std::uint64_t> expected(Histogram::kCells);
  expected[0] = 31'000'400'000;
  expected[1] = 2;
  expected[Histogram::kCells - 1] = 1;
  EXPECT_EQ(histogramOf(cells, key), expected);
}

TEST(MetricCells, FindsEachOfManyLabelSets) {
  MetricCells cells;
  fill(cells, 10'000);
  fill(cells, 10'000);
  const auto contents = contentsOf(cells);
  EXPECT_EQ(cells.size(), 10'000U);
  ASSERT_EQ(contents.size(), 10'000U);
  EXPECT_EQ(contents.at(wordsOf(requestBodyBytesKey(1, 1))), 2U);
  EXPECT_EQ(contents.at(wordsOf(requestBodyBytesKey(1, 10'000))), 20'000U);
}

TEST(MetricCells, ShowsEntriesInTheOrderOfTheirFirstSight) {
  MetricCells cells;
  fill(cells, 3000);
  NameId expected = 0;
  cells.forEach([&](MetricKey key, const MetricCell*) { EXPECT_EQ(key.names().b, ++expected); });
  EXPECT_EQ(expected, 3000U);
}

TEST(MetricCells, FoldsNewLabelSetsOverTheCeiling) {
  MetricCells cells(10);
  fill(cells, 12);
  EXPECT_EQ(cells.size(), 11U);
  EXPECT_EQ(cells.dropped(), 2U);
  const auto contents = contentsOf(cells);
  EXPECT_EQ(contents.at(wordsOf(MetricKey::other(Metric::kRequestBodyBytes))), 11U + 12U);
  EXPECT_EQ(contents.at(wordsOf(requestBodyBytesKey(1, 10))), 10U);
}

TEST(MetricCells, FoldsEachFamilyOnItsOwn) {
  MetricCells cells(0);
  cells.counter(requestBodyBytesKey(1, 1)).add(4);
  cells.histogram(timeToFirstByteKey(1, 1)).observe(std::chrono::milliseconds(3));
  cells.counter(requestBodyBytesKey(1, 2)).add(5);
  EXPECT_EQ(contentsOf(cells), (std::map<Words, std::uint64_t>{
                                   {wordsOf(MetricKey::other(Metric::kRequestBodyBytes)), 9},
                                   {wordsOf(MetricKey::other(Metric::kTimeToFirstByte)), 3'000'000},
                               }));
}

// One pass of a reader: every key is complete, and no value decreases.
void readOnce(const MetricCells& cells, std::vector<std::uint64_t>& latest) {
  std::size_t at = 0;
  cells.forEach([&](MetricKey key, const MetricCell* cell) {
    EXPECT_EQ(key.names().b, at + 1);
    if (at == latest.size()) latest.push_back(0);
    EXPECT_GE(cell->value(), latest[at]);
    latest[at++] = cell->value();
  });
  EXPECT_GE(at, latest.size());
}

TEST(MetricCells, AreReadWhileTheyGrow) {
  constexpr NameId kNames = 20'000;
  MetricCells cells(kNames);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (NameId name = 1; name <= kNames; ++name) {
      cells.counter(requestBodyBytesKey(1, name)).add(name);
      cells.counter(requestBodyBytesKey(1, 1 + name / 2)).add();
    }
    done.store(true);
  });
  std::vector<std::uint64_t> latest;
  while (!done.load()) readOnce(cells, latest);
  writer.join();
  readOnce(cells, latest);
  EXPECT_EQ(latest.size(), kNames);
}

}  // namespace
}  // namespace weir
