#include "core/base/metric_family.h"

#include <limits>

#include <gtest/gtest.h>

namespace weir {
namespace {

// How many bounds lie below the value, by counting.
std::size_t boundsBelow(const HistogramShape& shape, std::int64_t value) {
  std::size_t below = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) below += shape.bound(i) < value ? 1U : 0U;
  return below;
}

void expectEachBoundInItsBucket(const HistogramShape& shape) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t bound = shape.bound(i);
    EXPECT_EQ(shape.bucketOf(bound - 1), boundsBelow(shape, bound - 1));
    EXPECT_EQ(shape.bucketOf(bound), i);
    EXPECT_EQ(shape.bucketOf(bound + 1), i + 1);
  }
  EXPECT_EQ(shape.bucketOf(0), 0U);
  EXPECT_EQ(shape.bucketOf(std::numeric_limits<std::int64_t>::max()), shape.size());
}

TEST(HistogramShape, PutsAValueBelowTheFirstBoundThatReachesIt) {
  expectEachBoundInItsBucket(kLatencies);
  expectEachBoundInItsBucket({1});
  expectEachBoundInItsBucket({1, 3, 8, 9, 50, 60});
}

TEST(HistogramShape, GrowsExponentially) {
  constexpr HistogramShape kSizes = HistogramShape::exponential(256, 4, 3);
  EXPECT_EQ(kSizes.size(), 3U);
  EXPECT_EQ(kSizes.bound(0), 256);
  EXPECT_EQ(kSizes.bound(1), 1024);
  EXPECT_EQ(kSizes.bound(2), 4096);
  expectEachBoundInItsBucket(kSizes);
}

constexpr std::string_view kColours[] = {"red", "green"};

TEST(MetricLabel, HasAWordForEachValueAndOtherForTheRest) {
  EXPECT_EQ(wordOf<kColours>(0), "red");
  EXPECT_EQ(wordOf<kColours>(1), "green");
  EXPECT_EQ(wordOf<kColours>(2), "__other__");
  EXPECT_EQ(wordOf<kColours>(127), "__other__");
}

TEST(MetricFamily, KeepsWhatItsOwnerDeclares) {
  constexpr CounterFamily kPainted{
      "weir_test_painted_total",
      "Painted things.",
      {{"thing", KeyPart::kNameA}, {"colour", KeyPart::kFirst, wordOf<kColours>}}};
  EXPECT_EQ(kPainted.name, "weir_test_painted_total");
  EXPECT_EQ(kPainted.type, MetricType::kCounter);
  EXPECT_EQ(kPainted.unit, MetricUnit::kOne);
  EXPECT_EQ(kPainted.labels[1].name, "colour");
  EXPECT_EQ(kPainted.labels[1].word(1), "green");
  EXPECT_TRUE(kPainted.labels[2].name.empty());
  EXPECT_EQ(kPainted.shape, nullptr);
}

TEST(MetricFamily, OfDurationsHasTheBucketsOfLatencies) {
  constexpr HistogramFamily kWait{"weir_test_wait_seconds", "Waits."};
  EXPECT_EQ(kWait.unit, MetricUnit::kNanoseconds);
  EXPECT_EQ(kWait.shape, &kLatencies);
}

}  // namespace
}  // namespace weir
