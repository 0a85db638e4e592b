#include "core/base/reason.h"

#include <set>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Reason, EachHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (int reason = 0; reason < kReasonCount; ++reason) {
    words.insert(toString(static_cast<Reason>(reason)));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(kReasonCount));
  EXPECT_EQ(toString(Reason::kNone), "");
  EXPECT_EQ(toString(Reason::kNoRoute), "no_route");
  EXPECT_EQ(toString(Reason::kStreamIdle), "stream_idle");
  EXPECT_EQ(toString(Reason::kConfigDisabled), "config_disabled");
}

TEST(Reason, AMeaningComesWithARemedyAndEndsAsASentence) {
  int described = 0;
  for (int reason = 0; reason < kReasonCount; ++reason) {
    const ReasonText& text = describe(static_cast<Reason>(reason));
    EXPECT_EQ(text.meaning.empty(), text.remedy.empty()) << text.word;
    if (text.meaning.empty()) continue;
    ++described;
    EXPECT_TRUE(text.meaning.ends_with('.')) << text.word;
    EXPECT_TRUE(text.remedy.ends_with('.')) << text.word;
  }
  EXPECT_GE(described, 25);
}

}  // namespace
}  // namespace weir
