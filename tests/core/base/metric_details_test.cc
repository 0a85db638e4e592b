#include "core/base/metric_details.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr HistogramFamily kTook{"weir_test_took_seconds", "Time.", {{"of", KeyPart::kNameA}}};
constexpr HistogramKey keyOf(NameId of) { return {kTook, {.a = of}}; }

Exemplar exampleOf(Nanoseconds value, Nanoseconds time) { return {{1, 2}, 3, value, time}; }

TEST(MetricDetails, ACellEndsAtAnEighthPowerOfTwo) {
  for (int index = MetricDetail::kFirstIndex; index < 56; ++index) {
    const double bound = std::exp2(index / 8.0) * 1e9;
    const auto cell = static_cast<std::size_t>(index - MetricDetail::kFirstIndex + 1);
    const auto below = Nanoseconds(static_cast<std::int64_t>(std::floor(bound)));
    EXPECT_EQ(MetricDetail::cellOf(below), cell) << index;
    EXPECT_EQ(MetricDetail::cellOf(below + 2ns), cell + 1) << index;
  }
}

TEST(MetricDetails, ValuesOutsideAreInTheFirstAndTheLastCell) {
  EXPECT_EQ(MetricDetail::cellOf(-1ns), 0U);
  EXPECT_EQ(MetricDetail::cellOf(0ns), 0U);
  EXPECT_EQ(MetricDetail::cellOf(61'035ns), 0U);  // 2^-14 s is 61,035.2 ns
  EXPECT_EQ(MetricDetail::cellOf(61'036ns), 1U);
  EXPECT_EQ(MetricDetail::cellOf(1s), 112U);
  EXPECT_EQ(MetricDetail::cellOf(128s), MetricDetail::kCells);
  EXPECT_EQ(MetricDetail::cellOf(1h), MetricDetail::kCells);
}

TEST(MetricDetails, KeepsOneExemplarForEachBucket) {
  MetricDetail detail(keyOf(1));
  EXPECT_FALSE(detail.exemplar(0));
  detail.note(exampleOf(100us, 1'000s));
  detail.note(exampleOf(700us, 1'000s));
  ASSERT_TRUE(detail.exemplar(0));
  EXPECT_EQ(detail.exemplar(0)->value, 100us);
  EXPECT_EQ(detail.exemplar(0)->trace_id[1], 2U);
  EXPECT_EQ(detail.exemplar(0)->span_id, 3U);
  EXPECT_EQ(detail.exemplar(1)->value, 700us);
  EXPECT_FALSE(detail.exemplar(2));
}

TEST(MetricDetails, ReplacesAnExemplarOnceASecond) {
  MetricDetail detail(keyOf(1));
  detail.note(exampleOf(100us, 1'000s));
  detail.note(exampleOf(200us, 1'000s + 999ms));
  EXPECT_EQ(detail.exemplar(0)->value, 100us);
  detail.note(exampleOf(300us, 1'001s));
  EXPECT_EQ(detail.exemplar(0)->value, 300us);
  detail.note(exampleOf(400us, 900s));  // the clock was set back
  EXPECT_EQ(detail.exemplar(0)->value, 400us);
}

TEST(MetricDetails, FindsWhatItMade) {
  MetricDetails details;
  MetricDetail& one = details.find(keyOf(1));
  one.observe(1s);
  EXPECT_EQ(&details.find(keyOf(1)), &one);
  EXPECT_NE(&details.find(keyOf(2)), &one);
  std::set<NameId> seen;
  details.forEach([&](const MetricDetail& each) { seen.insert(each.key().names().a); });
  EXPECT_EQ(seen, (std::set<NameId>{1, 2}));
  EXPECT_EQ(one.cell(112), 1U);
}

TEST(MetricDetails, OverTheCeilingThereIsOneForAllOthers) {
  MetricDetails details(2);
  details.find(keyOf(1));
  details.find(keyOf(2));
  MetricDetail& other = details.find(keyOf(3));
  EXPECT_EQ(&details.find(keyOf(4)), &other);
  EXPECT_EQ(other.key().names().a, kOtherName);
}

}  // namespace
}  // namespace weir
