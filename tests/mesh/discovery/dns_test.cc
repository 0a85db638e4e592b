#include "mesh/discovery/dns.h"

#include "tests/mesh/discovery/fixture.h"

namespace weir::mesh {
namespace {

using Fault = test::DnsServer::Fault;
using dns::Family;
using DnsDiscoveryTest = DiscoveryTest;

std::shared_ptr<const upstream::DiscoverySource> source(const std::string& host,
                                                        Family family = Family::kAll) {
  return makeDns({.address = {.host = host, .port = 80, .unix_path = {}}, .family = family});
}

TEST_F(DnsDiscoveryTest, TakesEveryAddressAsAnEndpoint) {
  server.setA("shop.test", {"10.0.0.2", "10.0.0.1"}, 30);
  server.setAaaa("shop.test", {"fd00::1"}, 30);
  start(*source("shop.test"));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80 [fd00::1]:80");
  EXPECT_EQ(heard.answers, 1);
}

TEST_F(DnsDiscoveryTest, CanKeepToOneFamily) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  server.setAaaa("shop.test", {"fd00::1"}, 30);
  start(*source("shop.test", Family::kIpv4));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  start(*source("shop.test", Family::kIpv6));
  EXPECT_EQ(heard.endpoints(), "[fd00::1]:80");
}

TEST_F(DnsDiscoveryTest, FailsWhenTheWantedFamilyIsMissing) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  start(*source("shop.test", Family::kIpv6));
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_TRUE(heard.failures[0].starts_with("shop.test: ")) << heard.failures[0];
}

TEST_F(DnsDiscoveryTest, FailsForALiteralOfTheOtherFamily) {
  start(*source("10.0.0.1", Family::kIpv6));
  EXPECT_EQ(heard.failures,
            std::vector<std::string>{"10.0.0.1: no address of the requested family"});
}

TEST_F(DnsDiscoveryTest, AsksForTheWantedFamilyAlone) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  start(*source("shop.test", Family::kIpv4));
  EXPECT_EQ(server.queries(), std::vector<std::string>{"A shop.test"});
}

constexpr const char* kBoth = "10.0.0.1:80 [fd00::1]:80";

class HalfAnswerTest : public DiscoveryTest {
 protected:
  HalfAnswerTest() {
    server.setA("shop.test", {"10.0.0.1"}, 30);
    server.setAaaa("shop.test", {"fd00::1"}, 30);
  }
  void looksAgain() {
    loop.advance(Milliseconds(30'004));
    for (int turn = 0; turn < 50; ++turn) loop.runOnce();
  }
};

TEST_F(HalfAnswerTest, KeepsTheFamilyThatFails) {
  start(*source("shop.test"));
  ASSERT_EQ(heard.endpoints(), kBoth);
  server.setFault("AAAA shop.test", Fault::kServerFails);
  server.setA("shop.test", {"10.0.0.2"}, 30);
  pass(Milliseconds(30'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80 [fd00::1]:80");
  ASSERT_EQ(heard.failures.size(), 1U);
  server.setFault("AAAA shop.test", Fault::kNone);
  server.setAaaa("shop.test", {}, 30);
  pass(Milliseconds(1'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
}

TEST_F(HalfAnswerTest, KeepsTheFamilyThatIsSilent) {
  start(*source("shop.test"));
  server.setFault("A shop.test", Fault::kSilent);
  server.setAaaa("shop.test", {"fd00::2"}, 30);
  looksAgain();
  loop.advance(dns::Resolver::kFamilyDelay + event::Wheel::kTick);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 [fd00::2]:80");
  EXPECT_TRUE(heard.failures.empty());
  loop.advance(Milliseconds(8'000));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 [fd00::2]:80");
  EXPECT_EQ(heard.failures.size(), 1U);
}

TEST_F(HalfAnswerTest, StartsWithTheFamilyThatAnswers) {
  server.setFault("AAAA shop.test", Fault::kSilent);
  discovery = source("shop.test")->make({loop, *resolver, http_client, names});
  discovery->start(heard);
  for (int turn = 0; turn < 50; ++turn) loop.runOnce();
  EXPECT_EQ(heard.endpoints(), "nothing");
  loop.advance(dns::Resolver::kFamilyDelay + event::Wheel::kTick);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(HalfAnswerTest, IsNotStaleForAFamilyThatWasNeverThere) {
  server.setFault("AAAA shop.test", Fault::kServerFails);
  start(*source("shop.test"));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(HalfAnswerTest, DropsAFamilyThatIsGone) {
  start(*source("shop.test"));
  server.setAaaa("shop.test", {}, 30);
  pass(Milliseconds(30'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(DnsDiscoveryTest, LooksAgainAtOnceWhenItIsTold) {
  server.setA("shop.test", {"10.0.0.1"}, 300);
  start(*source("shop.test"));
  server.setA("shop.test", {"10.0.0.2"}, 300);
  discovery->lookAgain();
  settle();
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
}

TEST_F(DnsDiscoveryTest, LooksAgainWhenTheTtlIsOver) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  start(*source("shop.test"));
  server.setA("shop.test", {"10.0.0.9"}, 30);
  pass(Milliseconds(29'900));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  pass(Milliseconds(104));
  EXPECT_EQ(heard.endpoints(), "10.0.0.9:80");
}

TEST_F(DnsDiscoveryTest, LooksAgainAfterFiveSecondsWithoutATtl) {
  server.setA("shop.test", {"10.0.0.1"}, 0);
  start(*source("shop.test"));
  pass(Milliseconds(4'900));
  EXPECT_EQ(server.queriesFor("A shop.test"), 1U);
  pass(Milliseconds(104));
  EXPECT_EQ(server.queriesFor("A shop.test"), 2U);
}

TEST_F(DnsDiscoveryTest, LooksAgainAfterAnHourAtTheLatest) {
  server.setA("shop.test", {"10.0.0.1"}, 86'400);
  start(*source("shop.test"));
  pass(Milliseconds(3'599'900));
  EXPECT_EQ(server.queriesFor("A shop.test"), 1U);
  pass(Milliseconds(104));
  EXPECT_EQ(server.queriesFor("A shop.test"), 2U);
}

TEST_F(DnsDiscoveryTest, LooksAgainNoSoonerThanItMay) {
  server.setA("shop.test", {"10.0.0.1"}, 1);
  start(*makeDns({.address = {.host = "shop.test", .port = 80, .unix_path = {}},
                  .min_refresh = Milliseconds(60'000)}));
  pass(Milliseconds(59'900));
  EXPECT_EQ(server.queriesFor("A shop.test"), 1U);
  pass(Milliseconds(104));
  EXPECT_EQ(server.queriesFor("A shop.test"), 2U);
}

TEST_F(DnsDiscoveryTest, BelievesThatTheNameIsGoneAtTheThirdTime) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  start(*source("shop.test"));
  server.remove("shop.test");
  pass(Milliseconds(30'004));
  pass(Milliseconds(1'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_EQ(heard.failures.size(), 2U);
  pass(Milliseconds(2'004));
  EXPECT_EQ(heard.endpoints(), "");
  EXPECT_EQ(heard.failures.size(), 2U);
  server.setA("shop.test", {"10.0.0.1"}, 30);
  pass(Milliseconds(4'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  server.remove("shop.test");
  pass(Milliseconds(30'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");  // the count begins again
}

TEST_F(DnsDiscoveryTest, ANameThatNeverExistedIsAFailure) {
  start(*source("shop.test"));
  pass(Milliseconds(1'004));
  pass(Milliseconds(2'004));
  pass(Milliseconds(4'004));
  EXPECT_EQ(heard.answers, 0);
  EXPECT_EQ(heard.failures.size(), 4U);
}

TEST_F(DnsDiscoveryTest, TellsNothingWhenNothingChanged) {
  server.setA("shop.test", {"10.0.0.1", "10.0.0.2"}, 30);
  start(*source("shop.test"));
  server.setA("shop.test", {"10.0.0.2", "10.0.0.1"}, 30);
  pass(Milliseconds(30'004));
  EXPECT_EQ(server.queriesFor("A shop.test"), 2U);
  EXPECT_EQ(heard.answers, 1);
}

TEST_F(DnsDiscoveryTest, KeepsTheLastAnswerWhenTheNameIsGone) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  start(*source("shop.test"));
  server.remove("shop.test");
  pass(Milliseconds(30'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_TRUE(heard.failures[0].starts_with("shop.test: ")) << heard.failures[0];
}

TEST_F(DnsDiscoveryTest, TellsOfAnAnswerAfterFailuresEvenIfItIsTheSame) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  start(*source("shop.test"));
  server.setFault("shop.test", Fault::kServerFails);
  pass(Milliseconds(30'004));
  EXPECT_EQ(heard.failures.size(), 1U);
  server.setFault("shop.test", Fault::kNone);
  const auto before = heard.latest;
  pass(Milliseconds(1'004));
  EXPECT_EQ(heard.answers, 2);
  EXPECT_EQ(heard.latest, before);
}

TEST_F(DnsDiscoveryTest, PausesLongerAfterEachFailureUpToHalfAMinute) {
  start(*source("missing.test"));
  std::vector<Milliseconds> pauses;
  for (std::size_t failures = 1; failures < 8; ++failures) {
    Milliseconds waited{0};
    while (heard.failures.size() == failures && waited < Milliseconds(60'000)) {
      loop.advance(Milliseconds(1'000));
      waited += Milliseconds(1'000);
      for (int turn = 0; turn < 20; ++turn) loop.runOnce();
    }
    pauses.push_back(waited);
  }
  const std::vector<Milliseconds> expected = {
      Milliseconds(1'000),  Milliseconds(2'000),  Milliseconds(4'000), Milliseconds(8'000),
      Milliseconds(16'000), Milliseconds(30'000), Milliseconds(30'000)};
  EXPECT_EQ(pauses, expected);
}

TEST_F(DnsDiscoveryTest, StartsWithFailuresUntilThereIsAnAnswer) {
  start(*source("late.test"));
  EXPECT_EQ(heard.endpoints(), "nothing");
  server.setA("late.test", {"10.0.0.1"}, 30);
  pass(Milliseconds(1'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(DnsDiscoveryTest, TakesALiteralAddress) {
  start(*source("192.0.2.1"));
  EXPECT_EQ(heard.endpoints(), "192.0.2.1:80");
}

TEST_F(DnsDiscoveryTest, EndsWithItsObject) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  const auto shop = source("shop.test");
  discovery = shop->make({loop, *resolver, http_client, names});
  discovery->start(heard);
  discovery.reset();
  for (int turn = 0; turn < 50; ++turn) loop.runOnce();
  EXPECT_EQ(heard.answers, 0);
}

TEST(DnsSource, IsTheSameForTheSameNamePortAndFamily) {
  EXPECT_EQ(source("a.test")->identity(), source("a.test")->identity());
  EXPECT_NE(source("a.test")->identity(), source("b.test")->identity());
  EXPECT_NE(source("a.test")->identity(), source("a.test", Family::kIpv4)->identity());
  EXPECT_EQ(source("a.test")->known(), nullptr);
}

TEST(DnsSettings, AreRead) {
  DnsSettings settings;
  EXPECT_EQ(mistakesIn("address = 'orders.internal:8080'\nfamily = 'ipv6'", settings), "");
  EXPECT_EQ(settings.address.host, "orders.internal");
  EXPECT_EQ(settings.address.port, 8080);
  EXPECT_EQ(settings.family, Family::kIpv6);
}

TEST(DnsSettings, RefuseWhatIsNoName) {
  EXPECT_NE(mistakesIn<DnsSettings>("family = 'ipv4'"), "");
  EXPECT_NE(mistakesIn<DnsSettings>("address = 'orders.internal'"), "");
  EXPECT_EQ(mistakesIn<DnsSettings>("address = ':8080'"), "test:1:11: address: has no name\n");
  EXPECT_EQ(mistakesIn<DnsSettings>("address = 'unix:/run/x.sock'"),
            "test:1:11: address: is a path, not a name; use discovery = { static = "
            "[\"unix:/run/x.sock\"] }\n");
}

}  // namespace
}  // namespace weir::mesh
