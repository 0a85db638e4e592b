#include "core/base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string copied(std::string_view text) {
  std::string out(text.size(), '\0');
  EXPECT_EQ(copyAsUtf8(out.data(), text), out.data() + out.size());
  return out;
}

TEST(Utf8, KeepsWellFormedText) {
  for (const std::string_view text :
       {"", "plain", "exactly 8", "caf\xc3\xa9 au lait in a long line", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\xed\x9f\xbf\xee\x80\x80"}) {
    EXPECT_EQ(copied(text), text);
  }
}

TEST(Utf8, ReplacesEachOtherByte) {
  EXPECT_EQ(copied("a\xff"
                   "b"),
            "a?b");
  EXPECT_EQ(copied("12345678\xc3"), "12345678?");
  EXPECT_EQ(copied("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(copied("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(copied("\xf4\x90\x80\x80"), "????");  // above U+10FFFF
  EXPECT_EQ(copied("\xe2\x82x\xa9"), "??x?");
  std::string marked(2, '\0');
  copyAsUtf8(marked.data(), "a\xff", '!');
  EXPECT_EQ(marked, "a!");
}

TEST(Utf8, CutsBetweenSequences) {
  EXPECT_EQ(cutText("abc", 3), "abc");
  EXPECT_EQ(cutText("abcd", 3), "abc");
  EXPECT_EQ(cutText("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(cutText("a\xe2\x82\xac"
                    "b",
                    4),
            "a\xe2\x82\xac");
  EXPECT_EQ(cutText("\xf0\x9f\x98\x80", 2), "");
  EXPECT_EQ(cutText("\x80\x80\x80\x80\x80\x80\x80\x80", 6).size(), 6U);  // no sequence at all
}

}  // namespace
}  // namespace weir
