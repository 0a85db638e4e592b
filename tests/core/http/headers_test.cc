#include "core/http/headers.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

class HeadersTest : public ::testing::Test {
 protected:
  std::string lines() const {
    std::string text;
    for (const Header& field : headers) {
      text += std::string(field.name) + ": " + std::string(field.value) + "\n";
    }
    return text;
  }

  BlockPool pool{4096};
  Arena arena{pool};
  Headers headers{arena};
};

TEST_F(HeadersTest, StayInOrderAndAsTheyWere) {
  headers.add("X-Two", "2");
  headers.add("ACCEPT", "*/*");
  headers.add("x-two", "3");
  EXPECT_EQ(lines(), "X-Two: 2\nACCEPT: */*\nx-two: 3\n");
  EXPECT_EQ(headers.size(), 3U);
}

TEST_F(HeadersTest, AreFoundInAnyCase) {
  headers.add("user-AGENT", "curl");
  headers.add("X-Own", "1");
  EXPECT_EQ(headers.get(HeaderId::kUserAgent), "curl");
  EXPECT_EQ(headers.get("User-Agent"), "curl");
  EXPECT_EQ(headers.get("x-own"), "1");
  EXPECT_EQ(headers.find("x-other"), nullptr);
  EXPECT_EQ(headers.get("x-other"), std::nullopt);
  EXPECT_EQ(headers.get(HeaderId::kVia), std::nullopt);
}

TEST_F(HeadersTest, TheFirstOfANameIsFound) {
  headers.add("via", "a");
  headers.add("Via", "b");
  EXPECT_EQ(headers.get(HeaderId::kVia), "a");
}

TEST_F(HeadersTest, SetReplacesAllOfAName) {
  headers.add("via", "a");
  headers.add("x-own", "1");
  headers.add("Via", "b");
  headers.set(HeaderId::kVia, "c");
  headers.set("X-Own", "2");
  headers.set("x-new", "3");
  EXPECT_EQ(lines(), "via: c\nX-Own: 2\nx-new: 3\n");
}

TEST_F(HeadersTest, AreRemovedByNameOrId) {
  headers.add("via", "a");
  headers.add("x-own", "1");
  headers.add("VIA", "b");
  headers.add("X-OWN", "2");
  headers.remove("Via");
  EXPECT_FALSE(headers.mayHave(HeaderId::kVia));
  headers.remove("x-Own");
  headers.remove(HeaderId::kServer);
  EXPECT_TRUE(headers.empty());
}

TEST_F(HeadersTest, JoinedGivesAllValuesOfAName) {
  EXPECT_EQ(headers.joined("via"), std::nullopt);
  headers.add("via", "a");
  EXPECT_EQ(headers.joined("VIA"), "a");
  headers.add("x-own", "1");
  headers.add("Via", "");
  headers.add("via", "c");
  headers.add("X-Own", "2");
  EXPECT_EQ(headers.joined("via"), "a, , c");
  EXPECT_EQ(headers.joined("x-own"), "1, 2");
}

TEST_F(HeadersTest, ThereMayBeMany) {
  for (int i = 0; i < 500; ++i) headers.add(arena.copy("x-" + std::to_string(i)), "v");
  EXPECT_EQ(headers.size(), 500U);
  EXPECT_NE(headers.find("x-0"), nullptr);
  EXPECT_NE(headers.find("x-499"), nullptr);
}

TEST_F(HeadersTest, ClearForgetsAll) {
  headers.add("via", "a");
  headers.clear();
  EXPECT_FALSE(headers.mayHave(HeaderId::kVia));
  EXPECT_EQ(headers.begin(), headers.end());
}

}  // namespace
}  // namespace weir::http
