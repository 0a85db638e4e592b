#include "gateway/auth/forward_auth/answer_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::gateway::forward_auth {
namespace {

SharedAnswer answer(Answer::Kind kind, std::optional<Milliseconds> fresh = {},
                    std::size_t size = 0) {
  Answer made;
  made.kind = kind;
  made.fresh = fresh;
  made.body = std::string(size, 'x');
  return std::make_shared<const Answer>(std::move(made));
}

constexpr Milliseconds kNow{1'000};

TEST(AnswerCache, KeepsAnswersForTheirTime) {
  CacheSettings settings;
  AnswerCache cache(settings);
  cache.add("allowed", answer(Answer::Kind::kAllowed), kNow);
  cache.add("denied", answer(Answer::Kind::kDenied), kNow);
  cache.add("shorter", answer(Answer::Kind::kAllowed, Milliseconds(1'000)), kNow);
  cache.add("longer", answer(Answer::Kind::kAllowed, Milliseconds(90'000)), kNow);
  EXPECT_NE(cache.find("allowed", kNow + Milliseconds(29'999)), nullptr);
  EXPECT_NE(cache.find("longer", kNow + Milliseconds(29'999)), nullptr);
  EXPECT_EQ(cache.find("longer", kNow + Milliseconds(30'000)), nullptr);
  EXPECT_EQ(cache.find("shorter", kNow + Milliseconds(1'000)), nullptr);
  EXPECT_NE(cache.find("denied", kNow + Milliseconds(4'999)), nullptr);
  EXPECT_EQ(cache.find("denied", kNow + Milliseconds(5'000)), nullptr);
  EXPECT_EQ(cache.find("other", kNow), nullptr);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(AnswerCache, KeepsNeitherFailuresNorWhatIsExcluded) {
  CacheSettings settings;
  settings.negative_ttl = Milliseconds(0);
  AnswerCache cache(settings);
  cache.add("a", answer(Answer::Kind::kFailed), kNow);
  cache.add("b", answer(Answer::Kind::kBadRequest), kNow);
  cache.add("c", answer(Answer::Kind::kDenied), kNow);
  cache.add("d", answer(Answer::Kind::kAllowed, Milliseconds(0)), kNow);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(AnswerCache, ForgetsTheAnswerThatWasUsedLeastRecently) {
  CacheSettings settings;
  settings.entries = 2;
  AnswerCache cache(settings);
  cache.add("a", answer(Answer::Kind::kAllowed), kNow);
  cache.add("b", answer(Answer::Kind::kAllowed), kNow);
  EXPECT_NE(cache.find("a", kNow), nullptr);
  cache.add("c", answer(Answer::Kind::kAllowed), kNow);
  EXPECT_EQ(cache.find("b", kNow), nullptr);
  EXPECT_NE(cache.find("a", kNow), nullptr);
  cache.add("a", answer(Answer::Kind::kDenied), kNow);
  EXPECT_EQ(cache.find("a", kNow)->kind, Answer::Kind::kDenied);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(AnswerCache, ItsMemoryIsLimited) {
  CacheSettings settings;
  AnswerCache cache(settings);
  for (int i = 0; i < 1'000; ++i) {
    cache.add(std::to_string(i), answer(Answer::Kind::kAllowed, {}, Answer::kMostBody), kNow);
    EXPECT_LE(cache.bytes(), AnswerCache::kMostBytes);
  }
  EXPECT_GT(cache.size(), 200U);
  EXPECT_NE(cache.find("999", kNow), nullptr);
}

}  // namespace
}  // namespace weir::gateway::forward_auth
