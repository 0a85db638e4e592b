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

TEST(PathAndQuery, HasTheMarkOfAnEmptyQuery) {
  BlockPool pool(4096);
  Arena arena(pool);
  Request request(arena);
  request.path = "/a";
  EXPECT_EQ(pathAndQuery(request, arena), "/a");
  request.has_query = true;
  EXPECT_EQ(pathAndQuery(request, arena), "/a?");
  request.query = "b=1&c";
  EXPECT_EQ(pathAndQuery(request, arena), "/a?b=1&c");
}

TEST(Message, ANewBodyDropsWhatDescribesTheOldOne) {
  BlockPool pool(4096);
  Arena arena(pool);
  Request request(arena);
  request.body = BodyKind::kLength;
  request.content_length = 5;
  request.headers.add("Content-Digest", "sha-256=:x:");
  request.headers.add("x-kept", "1");
  request.rewriteBody();
  EXPECT_EQ(request.body, BodyKind::kStream);
  EXPECT_EQ(request.headers.size(), 1U);
  request.rewriteBody(7);
  EXPECT_EQ(request.body, BodyKind::kLength);
  EXPECT_EQ(request.content_length, 7U);

  Response response(arena);
  response.body = BodyKind::kUntilClose;
  response.headers.add("etag", "\"1\"");
  response.rewriteBody();
  EXPECT_EQ(response.body, BodyKind::kStream);
  EXPECT_TRUE(response.headers.empty());
}

TEST(Message, AMessageWithoutBodyKeepsHavingNone) {
  BlockPool pool(4096);
  Arena arena(pool);
  Response response(arena);
  response.has_content_length = true;
  response.content_length = 100;
  response.rewriteBody();
  EXPECT_EQ(response.body, BodyKind::kNone);
  EXPECT_FALSE(response.has_content_length);
}

}  // namespace
}  // namespace weir::http
