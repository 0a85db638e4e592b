#include "core/http/header_id.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

std::string capitals(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

TEST(HeaderId, IsFoundForEveryNameInAnyCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const auto id = static_cast<HeaderId>(i);
    EXPECT_EQ(headerId(headerName(id)), id) << headerName(id);
    EXPECT_EQ(headerId(capitals(headerName(id))), id) << headerName(id);
  }
}

TEST(HeaderId, IsOtherForWhatDiffersInOneByte) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const std::string name(headerName(static_cast<HeaderId>(i)));
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other = name;
      other[at] = '_';
      EXPECT_EQ(headerId(other), HeaderId::kOther) << other;
    }
    EXPECT_NE(headerId(name + "x"), headerId(name));
  }
}

TEST(HeaderId, IsOtherForNoNameAndForLongOnes) {
  EXPECT_EQ(headerId(""), HeaderId::kOther);
  EXPECT_EQ(headerId(std::string(100, 'a')), HeaderId::kOther);
}

TEST(EqualsIgnoringCase, ComparesTextsOfAnyLength) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string text =
        std::string("aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_.~").substr(0, size);
    EXPECT_TRUE(equalsIgnoringCase(text, capitals(text)));
    EXPECT_FALSE(equalsIgnoringCase(text, text + "a"));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = '!';
      EXPECT_FALSE(equalsIgnoringCase(text, other)) << text << " and " << other;
    }
  }
}

TEST(EqualsIgnoringCase, TellsMarksApartThatDifferInTheBitOfCaseOnly) {
  EXPECT_FALSE(equalsIgnoringCase("@", "`"));
  EXPECT_FALSE(equalsIgnoringCase("[", "{"));
  EXPECT_FALSE(equalsIgnoringCase("\xC1", "\xE1"));
}

}  // namespace
}  // namespace weir::http
