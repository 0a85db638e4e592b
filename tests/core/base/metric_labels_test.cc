#include "core/base/metric_labels.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(CodeField, TakesOnlyRealStatuses) {
  EXPECT_EQ(codeField(0), 0U);
  EXPECT_EQ(codeField(100), 100U);
  EXPECT_EQ(codeField(599), 599U);
  EXPECT_EQ(codeField(99), 1023U);
  EXPECT_EQ(codeField(600), 1023U);
  EXPECT_EQ(codeField(-1), 1023U);
}

TEST(CodeWord, SpellsTheStatus) {
  EXPECT_EQ(codeWord(0), "none");
  EXPECT_EQ(codeWord(100), "100");
  EXPECT_EQ(codeWord(599), "599");
  EXPECT_EQ(codeWord(600), "__other__");
  EXPECT_EQ(codeWord(1023), "__other__");
}

TEST(ReasonWord, SpellsTheReason) {
  EXPECT_EQ(reasonWord(field(Reason::kNone)), "");
  EXPECT_EQ(reasonWord(field(Reason::kNoRoute)), "no_route");
  EXPECT_EQ(reasonWord(kReasonCount), "__other__");
  EXPECT_EQ(reasonWord(127), "__other__");
}

TEST(BooleanWord, SpellsBoth) {
  EXPECT_EQ(booleanWord(0), "false");
  EXPECT_EQ(booleanWord(1), "true");
  EXPECT_EQ(booleanWord(7), "__other__");
}

}  // namespace
}  // namespace weir
