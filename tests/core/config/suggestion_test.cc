#include "core/config/suggestion.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace weir::config {
namespace {

const std::vector<std::string_view> kWords = {"upstream", "path_prefix", "on", "timeout"};

TEST(ClosestWord, ForgivesAFewLetters) {
  EXPECT_EQ(closestWord("upstraem", kWords), "upstream");
  EXPECT_EQ(closestWord("upsteam", kWords), "upstream");
  EXPECT_EQ(closestWord("upstreams", kWords), "upstream");
  EXPECT_EQ(closestWord("tiemout", kWords), "timeout");
}

TEST(ClosestWord, ForgivesOtherSpellings) {
  EXPECT_EQ(closestWord("pathPrefix", kWords), "path_prefix");
  EXPECT_EQ(closestWord("path-prefix", kWords), "path_prefix");
}

TEST(ClosestWord, CompletesABeginning) {
  EXPECT_EQ(closestWord("time", kWords), "timeout");
  EXPECT_EQ(closestWord("path", kWords), "path_prefix");
  EXPECT_EQ(closestWord("up", kWords), "");
}

TEST(ClosestWord, IsEmptyWhenNoneIsClose) {
  EXPECT_EQ(closestWord("listener", kWords), "");
  EXPECT_EQ(closestWord("ab", kWords), "");
  EXPECT_EQ(closestWord("", kWords), "");
  EXPECT_EQ(closestWord(std::string(65, 'o'), kWords), "");
  EXPECT_EQ(closestWord("upstream", {}), "");
}

}  // namespace
}  // namespace weir::config
