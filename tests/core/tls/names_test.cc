#include "core/tls/names.h"

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

Names withUri(std::string uri) { return {.dns = {}, .addresses = {}, .uris = {std::move(uri)}}; }
Names withDns(std::string name) { return {.dns = {std::move(name)}, .addresses = {}, .uris = {}}; }

TEST(NameList, TakesAUriThatIsTheSame) {
  const NameList list({"spiffe://a.test/ns/shop/sa/cart"});
  EXPECT_EQ(list.match(withUri("spiffe://a.test/ns/shop/sa/cart")), 0U);
  EXPECT_FALSE(list.match(withUri("spiffe://a.test/ns/shop/sa/cart2")));
  EXPECT_FALSE(list.match(withUri("spiffe://b.test/ns/shop/sa/cart")));
}

TEST(NameList, TakesWhatIsBelowAStar) {
  const NameList list({"spiffe://a.test/ns/shop/*"});
  EXPECT_TRUE(list.match(withUri("spiffe://a.test/ns/shop/sa/cart")));
  EXPECT_FALSE(list.match(withUri("spiffe://a.test/ns/shop/")));
  EXPECT_FALSE(list.match(withUri("spiffe://a.test/ns/shopping/sa/cart")));
  EXPECT_FALSE(NameList({"spiffe://a.test/*"}).match(withUri("spiffe://a.test.evil/ns")));
}

// X509-SVID, 2: a certificate with several URIs is nobody's identity.
TEST(NameList, TakesNoneOfSeveralUris) {
  const Names names{.dns = {}, .addresses = {}, .uris = {"spiffe://a.test/x", "spiffe://a.test/y"}};
  EXPECT_FALSE(NameList({"spiffe://a.test/x"}).match(names));
  EXPECT_EQ(names.identity(), "");
}

TEST(NameList, TakesDnsNamesAndOneLabelForAStar) {
  const NameList list({"Cart.Test", "*.shop.test"});
  EXPECT_EQ(list.match(withDns("cart.test")), 0U);
  EXPECT_EQ(list.match(withDns("a.shop.test")), 1U);
  EXPECT_FALSE(list.match(withDns("a.b.shop.test")));
  EXPECT_FALSE(list.match(withDns("shop.test")));
  EXPECT_FALSE(list.match(withDns(".shop.test")));
  EXPECT_FALSE(list.match(withUri("spiffe://cart.test")));
}

TEST(NameList, ThatIsEmptyTakesNothing) { EXPECT_FALSE(NameList().match(withDns("a.test"))); }

TEST(NamePattern, HasItsStarWhereItMeansSomething) {
  for (const char* good : {"a.test", "*.a.test", "spiffe://a.test/x", "spiffe://a.test/*"}) {
    EXPECT_EQ(faultOf(good), "") << good;
  }
  for (const char* bad : {"", "*", "a.*.test", "*.*.test", "a*.test", "spiffe://*/x",
                          "spiffe://a.test/x*", "spiffe://a.test/*/y", "spiffe://a.test/*/*"}) {
    EXPECT_NE(faultOf(bad), "") << bad;
  }
}

}  // namespace
}  // namespace weir::tls
