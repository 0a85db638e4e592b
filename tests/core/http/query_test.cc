#include "core/http/query.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

std::string find(std::string_view query, std::string_view name) {
  return std::string(findQueryParameter(query, name).value_or("absent"));
}

std::string decoded(std::string_view text) {
  BlockPool pool(4096);
  Arena arena(pool);
  return std::string(decodeQueryText(text, arena));
}

TEST(FindQueryParameter, FindsTheFirstOfThatName) {
  EXPECT_EQ(find("a=1&b=2", "a"), "1");
  EXPECT_EQ(find("a=1&b=2", "b"), "2");
  EXPECT_EQ(find("a=1&a=2", "a"), "1");
  EXPECT_EQ(find("aa=1", "a"), "absent");
  EXPECT_EQ(find("a=1", "aa"), "absent");
  EXPECT_EQ(find("A=1", "a"), "absent");
  EXPECT_EQ(find("", "a"), "absent");
  EXPECT_EQ(find("&&a=1&", "a"), "1");
}

TEST(FindQueryParameter, KnowsEmptyFromAbsent) {
  EXPECT_EQ(find("a", "a"), "");
  EXPECT_EQ(find("a=", "a"), "");
  EXPECT_EQ(find("a=b=c", "a"), "b=c");
}

TEST(FindQueryParameter, ComparesDecodedNames) {
  EXPECT_EQ(find("%61b=1", "ab"), "1");
  EXPECT_EQ(find("a+b=1", "a b"), "1");
  EXPECT_EQ(find("a%2Bb=1", "a+b"), "1");
  EXPECT_EQ(find("a%=1", "a%"), "1");
  EXPECT_EQ(find("a%3D=1", "a="), "1");
}

TEST(DecodeQueryText, DecodesEscapesAndPlus) {
  EXPECT_EQ(decoded("abc"), "abc");
  EXPECT_EQ(decoded("a+b%20c%2B"), "a b c+");
  EXPECT_EQ(decoded("100%"), "100%");
  EXPECT_EQ(decoded("%4"), "%4");
  EXPECT_EQ(decoded("%C3%A9"), "\xC3\xA9");
}

}  // namespace
}  // namespace weir::http
