#include "core/dns/resolv_conf.h"

#include <gtest/gtest.h>

namespace weir::dns {
namespace {

using SearchedNames = std::vector<std::string>;

TEST(ResolvConf, AreReadFromResolvConf) {
  const auto conf = parseResolvConf(
      "# comment\nnameserver 10.0.0.1\nsearch shop.svc.test svc.test. test\n"
      "options timeout:1 ndots:5 edns0\n");
  EXPECT_EQ(conf.domains, (SearchedNames{"shop.svc.test", "svc.test", "test"}));
  EXPECT_EQ(conf.ndots, 5U);
  EXPECT_EQ(conf.servers, SearchedNames{"10.0.0.1"});
}

TEST(ResolvConf, NamesServers) {
  const auto conf = parseResolvConf(
      "nameserver 10.0.0.1\nnameserver fd00::1\nnameserver [::1]:5353\n"
      "nameserver fe80::1%eth0\nnameserver a.test\nnameserver\nnameserver unix:/dns\n");
  EXPECT_EQ(conf.servers, (SearchedNames{"10.0.0.1", "fd00::1", "[::1]:5353"}));
}

TEST(ResolvConf, TakeTheLastOfSeveralLines) {
  EXPECT_EQ(parseResolvConf("search one.test\ndomain two.test").domains, SearchedNames{"two.test"});
}

TEST(ResolvConf, DoWithoutWhatIsNotThere) {
  EXPECT_TRUE(parseResolvConf("").domains.empty());
  EXPECT_EQ(parseResolvConf("options\noptions ndots:\nsearch").ndots, 1U);
  EXPECT_EQ(parseResolvConf("options ndots:99").ndots, 15U);
  EXPECT_EQ(parseResolvConf("search # nothing").domains, SearchedNames{});
  EXPECT_TRUE(loadResolvConf("/nonexistent/resolv.conf").domains.empty());
}

TEST(ResolvConf, AreBounded) {
  std::string line = "search";
  for (int i = 0; i < 100; ++i) line += " d" + std::to_string(i) + ".test";
  EXPECT_EQ(parseResolvConf(line).domains.size(), kMaxSearchDomains);
}

TEST(CandidateNames, CompleteANameWithFewDotsFirst) {
  const ResolvConf conf{.domains = {"svc.test", "test"}, .ndots = 2};
  EXPECT_EQ(candidateNames("shop.eu", conf),
            (SearchedNames{"shop.eu.svc.test", "shop.eu.test", "shop.eu"}));
  EXPECT_EQ(candidateNames("a.shop.eu", conf),
            (SearchedNames{"a.shop.eu", "a.shop.eu.svc.test", "a.shop.eu.test"}));
}

TEST(CandidateNames, LeaveACompleteNameAlone) {
  const ResolvConf conf{.domains = {"svc.test"}, .ndots = 5};
  EXPECT_EQ(candidateNames("shop.test.", conf), SearchedNames{"shop.test"});
  EXPECT_EQ(candidateNames("shop", {}), SearchedNames{"shop"});
}

TEST(CandidateNames, LeaveOutWhatIsTooLong) {
  const ResolvConf conf{.domains = {std::string(200, 'd')}, .ndots = 1};
  const std::string name(60, 'n');
  EXPECT_EQ(candidateNames(name, conf), SearchedNames{name});
}

}  // namespace
}  // namespace weir::dns
