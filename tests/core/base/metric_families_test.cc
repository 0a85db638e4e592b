#include "core/base/metric_families.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

constexpr CounterFamily kFirst{"weir_test_first_total", "The first."};
constexpr GaugeFamily kSecond{"weir_test_second", "The second."};
constexpr GaugeFamily kSameName{"weir_test_second", "Another one."};

TEST(MetricFamilies, KeepTheirOrder) {
  MetricFamilies families;
  families.add({&kSecond});
  families.add({&kFirst});
  EXPECT_THAT(families.all(), ::testing::ElementsAre(&kSecond, &kFirst));
}

TEST(MetricFamiliesDeathTest, RefuseANameThatIsTaken) {
  MetricFamilies families;
  families.add({&kFirst, &kSecond});
  EXPECT_DEATH(families.add({&kSameName}), "unique");
}

}  // namespace
}  // namespace weir
