#include "core/base/result.h"

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr Error kOdd = {ErrorCode::kInvalid, Origin::kLocal, "odd"};

Result<int> half(int number) {
  if (number % 2 != 0) return kOdd;
  return number / 2;
}

Result<int> quarter(int number) {
  WEIR_TRY(const int halved, half(number));
  return half(halved);
}

TEST(Result, IsAValueOrAnError) {
  EXPECT_TRUE(half(4).ok());
  EXPECT_EQ(half(4).value(), 2);
  const Result<int> failed = half(3);
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(failed.error().detail, "odd");
}

TEST(Result, FailuresGoUpwards) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().detail, "odd");
  EXPECT_EQ(quarter(3).error().detail, "odd");
}

TEST(Result, MayHoldWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  EXPECT_EQ(*result.value(), 7);
  const std::unique_ptr<int> taken = std::move(result.value());
  EXPECT_EQ(*taken, 7);
}

TEST(Result, MayHoldNothing) {
  EXPECT_TRUE(Result<void>().ok());
  const Result<void> failed = kOdd;
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error().detail, "odd");
}

TEST(ResultDeathTest, TheWrongQuestionAborts) {
  EXPECT_DEATH((void)half(3).value(), "check failed: ok\\(\\)");
  EXPECT_DEATH((void)half(4).error(), "check failed: !ok\\(\\)");
  EXPECT_DEATH((void)Result<void>().error(), "check failed: failed_");
}

TEST(ErrorCode, EachHasAWord) {
  std::set<std::string_view> words;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kSystem); ++code) {
    words.insert(toString(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(ErrorCode::kSystem) + 1);
  EXPECT_FALSE(words.contains("unknown"));
  EXPECT_EQ(toString(static_cast<ErrorCode>(200)), "unknown");
}

}  // namespace
}  // namespace weir
