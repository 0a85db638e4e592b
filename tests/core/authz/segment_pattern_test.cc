#include "core/authz/segment_pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::authz {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto parsed = SegmentPattern::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern;
  return parsed && parsed->matches(text);
}

TEST(SegmentPattern, WithoutWildcardsIsExact) {
  EXPECT_TRUE(matches("/admin", "/admin"));
  EXPECT_FALSE(matches("/admin", "/admin/"));
  EXPECT_FALSE(matches("/admin", "/Admin"));
  EXPECT_FALSE(matches("/admin", "/admin/x"));
  EXPECT_TRUE(SegmentPattern::parse("/admin")->isExact());
}

TEST(SegmentPattern, AStarIsOneSegment) {
  EXPECT_TRUE(matches("/users/*/orders", "/users/7/orders"));
  EXPECT_FALSE(matches("/users/*/orders", "/users//orders"));
  EXPECT_FALSE(matches("/users/*/orders", "/users/7/8/orders"));
  EXPECT_FALSE(matches("/users/*/orders", "/users/7/orders/"));
  EXPECT_TRUE(matches("/users/*", "/users/7"));
  EXPECT_FALSE(matches("/users/*", "/users"));
  EXPECT_FALSE(matches("/users/*", "/users/"));
  EXPECT_TRUE(matches("spiffe://prod.example/ns/*/sa/web", "spiffe://prod.example/ns/shop/sa/web"));
  EXPECT_FALSE(matches("spiffe://prod.example/ns/*/sa/web", "spiffe://prod.example/ns/a/b/sa/web"));
  EXPECT_FALSE(matches("*", ""));
}

TEST(SegmentPattern, TwoStarsAreAllThatFollows) {
  EXPECT_TRUE(matches("/admin/**", "/admin"));
  EXPECT_TRUE(matches("/admin/**", "/admin/"));
  EXPECT_TRUE(matches("/admin/**", "/admin/a/b"));
  EXPECT_FALSE(matches("/admin/**", "/administrator"));
  EXPECT_TRUE(matches("/a/*/**", "/a/1"));
  EXPECT_FALSE(matches("/a/*/**", "/a"));
  EXPECT_TRUE(matches("/**", "/"));
  EXPECT_TRUE(matches("/**", "/any/thing"));
}

TEST(SegmentPattern, RefusesWildcardsInOtherPlaces) {
  for (const auto* text : {"", "/a*", "/*a/b", "/a/**/b", "/***", "**"}) {
    EXPECT_FALSE(SegmentPattern::parse(text).has_value()) << text;
  }
  std::string deep;
  for (std::size_t i = 0; i < SegmentPattern::kMaxSegments; ++i) deep += "/a";
  EXPECT_FALSE(SegmentPattern::parse(deep).has_value());
}

TEST(SegmentPattern, KnowsItsFixedStart) {
  const auto start = [](std::string_view text) {
    return std::string(SegmentPattern::parse(text)->fixedStart(3));
  };
  EXPECT_EQ(start("/a/b"), "/a/b");
  EXPECT_EQ(start("/a/b/c/d"), "/a/b/c");
  EXPECT_EQ(start("/users/*/orders"), "/users");
  EXPECT_EQ(start("/admin/**"), "/admin");
  EXPECT_EQ(start("/*/x"), "");
  EXPECT_EQ(start("*"), "");
}

}  // namespace
}  // namespace weir::authz
