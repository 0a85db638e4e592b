#include "core/tls/san_matcher.h"

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

Names withUri(std::string uri) { return {.dns = {}, .addresses = {}, .uris = {std::move(uri)}}; }
Names withDns(std::string name) { return {.dns = {std::move(name)}, .addresses = {}, .uris = {}}; }

TEST(SanMatcher, TakesAUriThatIsTheSame) {
  const SanMatcher list({"spiffe://a.test/ns/shop/sa/cart"});
  EXPECT_EQ(list.match(withUri("spiffe://a.test/ns/shop/sa/cart")), 0U);
  EXPECT_FALSE(list.match(withUri("spiffe://a.test/ns/shop/sa/cart2")));
  EXPECT_FALSE(list.match(withUri("spiffe://b.test/ns/shop/sa/cart")));
}

TEST(SanMatcher, TakesWhatIsBelowAStar) {
  const SanMatcher list({"spiffe://a.test/ns/shop/*"});
  EXPECT_TRUE(list.match(withUri("spiffe://a.test/ns/shop/sa/cart")));
  EXPECT_FALSE(list.match(withUri("spiffe://a.test/ns/shop/")));
  EXPECT_FALSE(list.match(withUri("spiffe://a.test/ns/shopping/sa/cart")));
  EXPECT_FALSE(SanMatcher({"spiffe://a.test/*"}).match(withUri("spiffe://a.test.evil/ns")));
}

// X509-SVID, 2: a certificate with several URIs is not a valid SVID.
TEST(SanMatcher, TakesNoneOfSeveralUris) {
  const Names names{.dns = {}, .addresses = {}, .uris = {"spiffe://a.test/x", "spiffe://a.test/y"}};
  EXPECT_FALSE(SanMatcher({"spiffe://a.test/x"}).match(names));
  EXPECT_EQ(names.identity(), "");
}

TEST(SanMatcher, TakesDnsNamesAndOneLabelForAStar) {
  const SanMatcher list({"Cart.Test", "*.shop.test"});
  EXPECT_EQ(list.match(withDns("cart.test")), 0U);
  EXPECT_EQ(list.match(withDns("a.shop.test")), 1U);
  EXPECT_FALSE(list.match(withDns("a.b.shop.test")));
  EXPECT_FALSE(list.match(withDns("shop.test")));
  EXPECT_FALSE(list.match(withDns(".shop.test")));
  EXPECT_FALSE(list.match(withUri("spiffe://cart.test")));
}

TEST(SanMatcher, ThatIsEmptyTakesNothing) { EXPECT_FALSE(SanMatcher().match(withDns("a.test"))); }

TEST(Names, OfAPeerHoldNoBytesThatAHeadCannot) {
  for (const std::string& bad : {std::string("a\r\nb"), std::string("a\0b", 3), std::string("a b"),
                                 std::string("a\x7F"), std::string("\xC3\xA9"), std::string()}) {
    EXPECT_NE(faultOf(withDns(bad)), "") << bad;
    EXPECT_NE(faultOf(withUri("https://" + bad + "\n")), "") << bad;
  }
  EXPECT_EQ(faultOf(withDns("*.a_b.test")), "");
  EXPECT_EQ(faultOf(withUri("https://a.test/x?y")), "");
}

TEST(Names, OfAnX509SvidFollowItsStandard) {
  EXPECT_EQ(faultOf(withUri("spiffe://a.test/x")), "");
  EXPECT_EQ(faultOf(withUri("spiffe://a.test/../x")), "its SPIFFE ID is not valid");
  EXPECT_EQ(faultOf(withUri("SPIFFE://a.test/x")), "its SPIFFE ID is not valid");
  const Names two{.dns = {}, .addresses = {}, .uris = {"https://a.test/x", "spiffe://a.test/x"}};
  EXPECT_EQ(faultOf(two), "a certificate with a SPIFFE ID may not contain another URI");
  const Names others{.dns = {}, .addresses = {}, .uris = {"https://a.test/x", "urn:x"}};
  EXPECT_EQ(faultOf(others), "");
}

TEST(DnsName, IsMadeOfLabels) {
  const std::string label(63, 'a');
  for (const std::string& good :
       {std::string("a"), std::string("A-1.b_c.test"), std::string("*.a.test"), label + ".test"}) {
    EXPECT_TRUE(isDnsName(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("*"), std::string("*."), std::string("a."), std::string(".a"),
        std::string("a..b"), std::string("-a"), std::string("a-"), std::string("a b"),
        std::string("a.*.b"), std::string("a/b"), label + "a.test",
        label + "." + label + "." + label + "." + label}) {
    EXPECT_FALSE(isDnsName(bad)) << bad;
  }
}

TEST(NamePattern, OfASpiffeIdIsOneThatAPeerCanHave) {
  for (const char* bad : {"spiffe://a.test", "spiffe://a.test/", "spiffe://a.test/../*",
                          "spiffe://A.test/*", "SPIFFE://a.test/*", "spiffe://a.test:80/x"}) {
    EXPECT_NE(faultOfPattern(bad), "") << bad;
  }
}

TEST(NamePattern, HasItsStarWhereItMeansSomething) {
  for (const char* good : {"a.test", "*.a.test", "spiffe://a.test/x", "spiffe://a.test/*"}) {
    EXPECT_EQ(faultOfPattern(good), "") << good;
  }
  for (const char* bad : {"", "*", "a.*.test", "*.*.test", "a*.test", "spiffe://*/x",
                          "spiffe://a.test/x*", "spiffe://a.test/*/y", "spiffe://a.test/*/*"}) {
    EXPECT_NE(faultOfPattern(bad), "") << bad;
  }
}

}  // namespace
}  // namespace weir::tls
