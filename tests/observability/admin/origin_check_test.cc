#include "observability/admin/origin_check.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/arena.h"
#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

class Defence : public ::testing::Test {
 protected:
  bool allows(std::string_view authority) {
    request_.authority = authority;
    return refusalOf(request_, hosts_).empty();
  }
  bool allowsPostFrom(std::string_view header, std::string_view value) {
    http::Request post(arena_);
    post.method = http::Method::kPost;
    post.authority = "127.0.0.1:9901";
    post.headers.add(header, value);
    return refusalOf(post, hosts_).empty();
  }

  BlockPool pool_{4096};
  Arena arena_{pool_};
  http::Request request_{arena_};
  std::vector<std::string> hosts_ = {"edge-1.internal"};
};

TEST_F(Defence, AllowsAddressesAndLocalhost) {
  EXPECT_TRUE(allows("127.0.0.1:9901"));
  EXPECT_TRUE(allows("10.1.2.3"));
  EXPECT_TRUE(allows("[::1]:9901"));
  EXPECT_TRUE(allows("localhost:9901"));
  EXPECT_TRUE(allows("LocalHost"));
}

TEST_F(Defence, AllowsNamesOfTheConfiguration) {
  EXPECT_TRUE(allows("edge-1.internal:9901"));
  EXPECT_TRUE(allows("EDGE-1.internal"));
}

TEST_F(Defence, AllowsHttp10WithoutAHost) { EXPECT_TRUE(allows("")); }

TEST_F(Defence, RefusesOtherNames) {
  EXPECT_FALSE(allows("rebound.example.com:9901"));
  EXPECT_FALSE(allows("127.0.0.1.example.com"));
  EXPECT_FALSE(allows("localhost.example.com"));
  EXPECT_FALSE(allows("xedge-1.internal"));
  EXPECT_FALSE(allows("0x7f000001"));
}

TEST_F(Defence, AllowsPostFromItsOwnPages) {
  EXPECT_TRUE(allowsPostFrom("origin", "http://127.0.0.1:9901"));
  EXPECT_TRUE(allowsPostFrom("origin", "https://127.0.0.1:9901"));
  EXPECT_FALSE(allowsPostFrom("origin", "http://127.0.0.1:9901/"));
  request_.method = http::Method::kPost;
  request_.headers.add("origin", "http://localhost");
  EXPECT_TRUE(allows("localhost:80"));  // the default port
  EXPECT_FALSE(allows("localhost:443"));
  EXPECT_TRUE(allowsPostFrom("sec-fetch-site", "same-origin"));
  EXPECT_TRUE(allowsPostFrom("user-agent", "curl/8"));
}

TEST_F(Defence, RefusesPostFromOtherSites) {
  EXPECT_FALSE(allowsPostFrom("origin", "http://example.com"));
  EXPECT_FALSE(allowsPostFrom("origin", "http://127.0.0.1:9902"));
  EXPECT_FALSE(allowsPostFrom("origin", "http://127.0.0.1:9901.example.com"));
  EXPECT_FALSE(allowsPostFrom("origin", "null"));
  EXPECT_FALSE(allowsPostFrom("origin", "127.0.0.1:9901"));
  EXPECT_FALSE(allowsPostFrom("sec-fetch-site", "cross-site"));
  EXPECT_FALSE(allowsPostFrom("sec-fetch-site", "same-site"));
}

TEST_F(Defence, AFieldThatIsSentTwiceMustHoldTwice) {
  for (const auto& [name, ours, other] :
       {std::array{"origin", "http://127.0.0.1:9901", "http://example.com"},
        std::array{"sec-fetch-site", "same-origin", "cross-site"}}) {
    for (const bool ours_first : {true, false}) {
      http::Request post(arena_);
      post.method = http::Method::kPost;
      post.authority = "127.0.0.1:9901";
      post.headers.add(name, ours_first ? ours : other);
      post.headers.add(name, ours_first ? other : ours);
      EXPECT_FALSE(refusalOf(post, hosts_).empty()) << name << ours_first;
    }
  }
}

class DefenceOfPages : public AdminTest {};

TEST_F(DefenceOfPages, RefusesAReboundName) {
  const test::RawMessage reply =
      onlyReply(exchange("GET /config HTTP/1.1\r\nhost: rebound.example.com\r\n\r\n"));
  EXPECT_EQ(reply.status(), 403);
  EXPECT_EQ(reply.body.find("role"), std::string::npos);
}

TEST_F(DefenceOfPages, LooksAtTheHostOfAnAbsoluteTarget) {
  const std::string_view request =
      "GET http://rebound.example.com/config HTTP/1.1\r\nhost: rebound.example.com\r\n\r\n";
  EXPECT_EQ(onlyReply(exchange(request)).status(), 403);
}

TEST_F(DefenceOfPages, TakesNamesFromTheConfiguration) {
  configure({.hosts = {"edge-1"}});
  EXPECT_EQ(onlyReply(exchange("GET /config HTTP/1.1\r\nhost: edge-1:9901\r\n\r\n")).status(), 200);
}

TEST_F(DefenceOfPages, RefusesACrossSitePost) {
  EXPECT_EQ(ask("POST /drain", "origin: http://example.com\r\n").status(), 403);
  EXPECT_EQ(subject_.drains, 0);
  EXPECT_EQ(ask("POST /drain", "origin: http://localhost\r\n").status(), 202);
}

TEST_F(DefenceOfPages, LetsOthersReadNothingByCors) {
  const test::RawMessage reply = ask("GET /config", "origin: http://example.com\r\n");
  EXPECT_EQ(reply.status(), 200);
  EXPECT_EQ(reply.count("access-control-allow-origin"), 0U);
}

}  // namespace
}  // namespace weir::admin
