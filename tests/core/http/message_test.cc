#include "core/http/message.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(Method, HasItsName) {
  EXPECT_EQ(toString(Method::kGet), "GET");
  EXPECT_EQ(toString(Method::kPatch), "PATCH");
  EXPECT_EQ(toString(Method::kOther), "_OTHER");
}

TEST(Method, SomeMayBeSentTwice) {
  EXPECT_TRUE(isIdempotent(Method::kGet));
  EXPECT_TRUE(isIdempotent(Method::kPut));
  EXPECT_TRUE(isIdempotent(Method::kDelete));
  EXPECT_FALSE(isIdempotent(Method::kPost));
  EXPECT_FALSE(isIdempotent(Method::kPatch));
  EXPECT_FALSE(isIdempotent(Method::kConnect));
  EXPECT_FALSE(isIdempotent(Method::kOther));
}

TEST(Version, HasItsName) {
  EXPECT_EQ(toString(Version::kHttp10), "HTTP/1.0");
  EXPECT_EQ(toString(Version::kHttp11), "HTTP/1.1");
  EXPECT_EQ(toString(Version::kHttp2), "HTTP/2");
  EXPECT_EQ(toString(static_cast<Version>(9)), "");
}

TEST(PhraseFor, KnowsTheRegisteredStatuses) {
  EXPECT_EQ(phraseFor(200), "OK");
  EXPECT_EQ(phraseFor(202), "Accepted");
  EXPECT_EQ(phraseFor(404), "Not Found");
  EXPECT_EQ(phraseFor(505), "HTTP Version Not Supported");
  EXPECT_EQ(phraseFor(299), "");
}

TEST(HostOf, LeavesThePortAndBracketsOff) {
  EXPECT_EQ(hostOf("shop.test"), "shop.test");
  EXPECT_EQ(hostOf("shop.test:8080"), "shop.test");
  EXPECT_EQ(hostOf("[::1]:8080"), "::1");
  EXPECT_EQ(hostOf("[::1]"), "::1");
  EXPECT_EQ(hostOf("[::1"), "[::1");
  EXPECT_EQ(hostOf(""), "");
}

}  // namespace
}  // namespace weir::http
