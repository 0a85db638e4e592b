#include "core/base/metric_cells.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr CounterFamily kBytes{"weir_test_bytes_total",
                               "Bytes.",
                               {{"listener", KeyPart::kNameA}, {"route", KeyPart::kNameB}},
                               MetricUnit::kBytes};
constexpr GaugeFamily kInFlight{"weir_test_in_flight", "In flight."};
constexpr HistogramFamily kDuration{
    "weir_test_duration_seconds", "Durations.", {{"route", KeyPart::kNameB}}};

constexpr CounterKey bytesKey(NameId listener, NameId route) {
  return {kBytes, {.a = listener, .b = route}};
}
constexpr HistogramKey durationKey(NameId route) { return {kDuration, {.b = route}}; }

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
  for (NameId name = 1; name <= count; ++name) cells.counter(bytesKey(1, name)).add(name);
}

TEST(MetricKey, KeepsItsPartsApart) {
  const MetricKey key(kDuration, {0xFFFFFFFF, 7, 0xABCDE}, {1023, 127, 85});
  EXPECT_EQ(&key.family(), &kDuration);
  EXPECT_EQ(key.names().a, 0xFFFFFFFF);
  EXPECT_EQ(key.names().b, 7U);
  EXPECT_EQ(key.names().c, 0xABCDEU);
  EXPECT_EQ(key.fields().code, 1023U);
  EXPECT_EQ(key.fields().first, 127U);
  EXPECT_EQ(key.fields().second, 85U);
}

TEST(MetricKey, HasOtherForAThirdNameWithoutRoom) {
  EXPECT_EQ(MetricKey(kDuration, {.c = 0xFFFFE}).names().c, 0xFFFFEU);
  EXPECT_EQ(MetricKey(kDuration, {.c = 0xFFFFF}).names().c, kOtherName);
  EXPECT_EQ(MetricKey(kDuration, {.c = 0x100001}).names().c, kOtherName);
}

TEST(MetricKey, DiffersByFamily) {
  EXPECT_NE(MetricKey(kDuration, {.a = 1}), MetricKey(kBytes, {.a = 1}));
  EXPECT_EQ(MetricKey(kBytes, {.a = 1}), MetricKey(kBytes, {.a = 1}));
}

TEST(Counter, AddsToTheCellOfItsLabels) {
  MetricCells cells;
  const CounterKey ok = bytesKey(1, 200);
  const CounterKey failed = bytesKey(1, 503);
  cells.counter(ok).add();
  cells.counter(failed).add(5);
  cells.counter(ok).add();
  EXPECT_EQ(contentsOf(cells),
            (std::map<Words, std::uint64_t>{{wordsOf(ok), 2}, {wordsOf(failed), 5}}));
}

TEST(Counter, StaysValidWhenTheTableGrows) {
  MetricCells cells;
  const Counter kept = cells.counter(bytesKey(9, 9));
  fill(cells, 5000);
  kept.add(3);
  EXPECT_EQ(cells.counter(bytesKey(9, 9)).value(), 3U);
}

TEST(Gauge, GoesUpAndDownAndBelowZero) {
  MetricCells cells;
  const Gauge gauge = cells.gauge(GaugeKey(kInFlight, {}));
  gauge.add(2);
  gauge.add(-3);
  EXPECT_EQ(gauge.value(), -1);
  gauge.set(40);
  EXPECT_EQ(gauge.value(), 40);
}

TEST(Histogram, CountsInTheBucketsOfItsFamily) {
  static constexpr HistogramShape kSizes = HistogramShape::exponential(10, 10, 3);
  static constexpr HistogramFamily kSize{
      "weir_test_size_bytes", "Sizes.", {}, MetricUnit::kBytes, kSizes};
  MetricCells cells;
  const HistogramKey key(kSize, {});
  cells.histogram(key).observe(100);
  cells.histogram(key).observe(1001);
  std::vector<std::uint64_t> expected(Histogram::kCells);
  expected[0] = 1101;
  expected[1 + 1] = 1;  // up to 100
  expected[1 + 3] = 1;  // over 1,000
  EXPECT_EQ(histogramOf(cells, key), expected);
}

TEST(Histogram, KeepsSumAndBuckets) {
  MetricCells cells;
  const HistogramKey key = durationKey(2);
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
  EXPECT_EQ(contents.at(wordsOf(bytesKey(1, 1))), 2U);
  EXPECT_EQ(contents.at(wordsOf(bytesKey(1, 10'000))), 20'000U);
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
  EXPECT_EQ(contents.at(wordsOf(MetricKey::other(kBytes))), 11U + 12U);
  EXPECT_EQ(contents.at(wordsOf(bytesKey(1, 10))), 10U);
}

TEST(MetricCells, FoldsEachFamilyOnItsOwn) {
  MetricCells cells(0);
  cells.counter(bytesKey(1, 1)).add(4);
  cells.histogram(durationKey(1)).observe(std::chrono::milliseconds(3));
  cells.counter(bytesKey(1, 2)).add(5);
  EXPECT_EQ(contentsOf(cells), (std::map<Words, std::uint64_t>{
                                   {wordsOf(MetricKey::other(kBytes)), 9},
                                   {wordsOf(MetricKey::other(kDuration)), 3'000'000},
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
      cells.counter(bytesKey(1, name)).add(name);
      cells.counter(bytesKey(1, 1 + name / 2)).add();
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
