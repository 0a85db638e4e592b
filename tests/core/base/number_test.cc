#include "core/base/number.h"

#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(ParseNumber, ReadsAWholeText) {
  EXPECT_EQ(parseNumber<int>("0"), 0);
  EXPECT_EQ(parseNumber<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(parseNumber<std::uint64_t>("18446744073709551615"), 18446744073709551615U);
  EXPECT_EQ(parseNumber<unsigned>("fF", 16), 255U);
}

TEST(ParseNumber, ReadsNothingElse) {
  EXPECT_EQ(parseNumber<int>(""), std::nullopt);
  EXPECT_EQ(parseNumber<int>("10abc"), std::nullopt);
  EXPECT_EQ(parseNumber<int>(" 1"), std::nullopt);
  EXPECT_EQ(parseNumber<int>("1 "), std::nullopt);
  EXPECT_EQ(parseNumber<int>("+1"), std::nullopt);
  EXPECT_EQ(parseNumber<int>("-1"), std::nullopt);
  EXPECT_EQ(parseNumber<int>("0x10"), std::nullopt);
  EXPECT_EQ(parseNumber<unsigned>("0x10", 16), std::nullopt);
}

TEST(ParseNumber, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parseNumber<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(parseNumber<std::uint64_t>("18446744073709551616"), std::nullopt);
}

}  // namespace
}  // namespace weir
