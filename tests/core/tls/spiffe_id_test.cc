#include "core/tls/spiffe_id.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

TEST(SpiffeId, IsOfATrustDomainAndAPath) {
  for (const char* good : {"spiffe://a.test/x", "spiffe://a.test/ns/shop/sa/cart",
                           "spiffe://a_b-c.1/A.b_c-9", "spiffe://a/...", "spiffe://a/.x/x."}) {
    EXPECT_EQ(faultOfSpiffeId(good), "") << good;
  }
  EXPECT_EQ(trustDomainOf("spiffe://a.test/ns/shop"), "a.test");
}

TEST(SpiffeId, IsNothingElse) {
  for (const char* bad : {"",
                          "spiffe:",
                          "spiffe://",
                          "spiffe:///x",
                          "https://a.test/x",
                          "SPIFFE://a.test/x",
                          "spiffe://A.test/x",
                          "spiffe://a.test",
                          "spiffe://a.test/",
                          "spiffe://a.test/x/",
                          "spiffe://a.test//x",
                          "spiffe://a.test/./x",
                          "spiffe://a.test/../b.test/x",
                          "spiffe://a.test/x/..",
                          "spiffe://a.test/%2e%2e",
                          "spiffe://a.test/*",
                          "spiffe://*/x",
                          "spiffe://a.test/x?y",
                          "spiffe://a.test/x#y",
                          "spiffe://a.test:80/x",
                          "spiffe://me@a.test/x",
                          "spiffe://a.test/x y",
                          "spiffe://a.test/x\r\nY: z",
                          "spiffe://a.test/\xC3\xA9",
                          "spiffe://a.test\\x/y"}) {
    EXPECT_NE(faultOfSpiffeId(bad), "") << bad;
  }
  EXPECT_NE(faultOfSpiffeId(std::string("spiffe://a.test/x\0y", 19)), "");
}

TEST(SpiffeId, HasABound) {
  const std::string start = "spiffe://a.test/";
  EXPECT_EQ(faultOfSpiffeId(start + std::string(2048 - start.size(), 'x')), "");
  EXPECT_NE(faultOfSpiffeId(start + std::string(2049 - start.size(), 'x')), "");
  EXPECT_EQ(faultOfSpiffeId("spiffe://" + std::string(255, 'a') + "/x"), "");
  EXPECT_NE(faultOfSpiffeId("spiffe://" + std::string(256, 'a') + "/x"), "");
}

}  // namespace
}  // namespace weir::tls
