#include "core/dns/resolver.h"

#include <optional>

#include <gtest/gtest.h>

#include "tests/support/dns_server.h"
#include "tests/support/temporary_directory.h"

namespace weir::dns {
namespace {

using std::chrono::seconds;
using test::DnsServer;

std::vector<std::string> textsOf(const std::vector<IpAddress>& ips) {
  std::vector<std::string> texts;
  for (const IpAddress& ip : ips) texts.push_back(ip.text());
  return texts;
}

using Texts = std::vector<std::string>;

// The outcome of a query; the query lives as long as this object.
template <typename Answer>
struct Asked {
  std::unique_ptr<Query> query;
  std::optional<Result<Answer>> answer;
  int calls = 0;

  bool ok() const { return answer.has_value() && answer->ok(); }
  const Answer& value() const { return answer->value(); }
  std::string failure() const {
    if (!answer.has_value()) return "no answer";
    return answer->ok() ? "none" : std::string(toString(answer->error().code));
  }
};

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() { restart(); }

  void restart() {
    resolver.reset();
    resolver = std::move(Resolver::make(loop, options).value());
  }
  using Addressed = std::unique_ptr<Asked<Addresses>>;
  using Served = std::unique_ptr<Asked<Services>>;

  Addressed begin(std::string_view host, Family family = Family::kAll) {
    auto asked = std::make_unique<Asked<Addresses>>();
    const auto on_done = [to = asked.get()](const Result<Addresses>& answer) {
      to->answer = answer;
      ++to->calls;
    };
    asked->query = resolver->resolve(host, family, on_done);
    return asked;
  }
  Served beginSrv(std::string_view name) {
    auto asked = std::make_unique<Asked<Services>>();
    asked->query = resolver->resolveSrv(name, [to = asked.get()](const Result<Services>& answer) {
      to->answer = answer;
      ++to->calls;
    });
    return asked;
  }
  // Loopback delivers at once: a few turns complete everything in progress.
  void settle() {
    for (int turn = 0; turn < 50; ++turn) loop.runOnce();
  }
  // As many turns as needed, with a bound: a busy machine may be late.
  template <typename Answer>
  std::unique_ptr<Asked<Answer>> answered(std::unique_ptr<Asked<Answer>> asked) {
    for (int turn = 0; turn < 100'000 && !asked->answer.has_value(); ++turn) loop.runOnce();
    return asked;
  }
  Addressed resolve(std::string_view host) { return answered(begin(host)); }
  Served resolveSrv(std::string_view name) { return answered(beginSrv(name)); }

  event::Loop loop{event::Loop::Time::kManual};
  DnsServer server{loop};
  ResolverOptions options{.servers = {server.address()}, .search_domains = false};
  std::unique_ptr<Resolver> resolver;
};

TEST_F(ResolverTest, FindsAddressesWithTheirTtl) {
  server.setA("one.test", {"10.0.0.1", "10.0.0.2"}, 30);
  const auto asked = resolve("one.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), (Texts{"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(asked->value().ttl, seconds(30));
  EXPECT_EQ(asked->calls, 1);
}

TEST_F(ResolverTest, AsksForBothFamiliesAtOnce) {
  const auto asked = begin("one.test");
  loop.runOnce();
  loop.runOnce();
  EXPECT_EQ(server.queriesFor("A one.test"), 1U);
  EXPECT_EQ(server.queriesFor("AAAA one.test"), 1U);
}

TEST_F(ResolverTest, ListsIpv4First) {
  server.setA("both.test", {"10.0.0.1"}, 30);
  server.setAaaa("both.test", {"fd00::1", "fd00::2"}, 20);
  const auto asked = resolve("both.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), (Texts{"10.0.0.1", "fd00::1", "fd00::2"}));
  EXPECT_EQ(asked->value().ttl, seconds(20));
}

TEST_F(ResolverTest, IsContentWithOneFamily) {
  server.setAaaa("six.test", {"fd00::1"}, 60);
  EXPECT_EQ(textsOf(resolve("six.test")->value().ips), Texts{"fd00::1"});
}

TEST_F(ResolverTest, ListsNoAddressTwice) {
  server.setA("twice.test", {"10.0.0.1", "10.0.0.1"}, 60);
  EXPECT_EQ(textsOf(resolve("twice.test")->value().ips), Texts{"10.0.0.1"});
}

TEST_F(ResolverTest, FollowsAliasesAndTheirTtl) {
  server.setAlias("alias.test", "real.test", 7);
  server.setA("real.test", {"10.0.0.3"}, 300);
  const auto asked = resolve("alias.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), Texts{"10.0.0.3"});
  EXPECT_EQ(asked->value().ttl, seconds(7));
}

TEST_F(ResolverTest, HasNoTtlForOneOfZero) {
  server.setA("zero.test", {"10.0.0.1"}, 0);
  EXPECT_EQ(resolve("zero.test")->value().ttl, std::nullopt);
}

TEST_F(ResolverTest, SaysWhenANameDoesNotExist) {
  EXPECT_EQ(resolve("missing.test")->failure(), "not found");
}

TEST_F(ResolverTest, SaysWhenANameHasNoAddresses) {
  server.setSrv("only-srv.test", {{"one.test", 80, 1, 1}}, 30);
  EXPECT_EQ(resolve("only-srv.test")->failure(), "not found");
}

TEST_F(ResolverTest, SaysWhenTheServerFails) {
  server.setA("broken.test", {"10.0.0.1"}, 30);
  server.setFault("broken.test", DnsServer::Fault::kServerFails);
  const std::string failure = resolve("broken.test")->failure();
  // Older releases of c-ares treat a server that fails as unreachable.
  EXPECT_TRUE(failure == "protocol" || failure == "refused") << failure;
}

TEST_F(ResolverTest, IgnoresGarbageUntilTheDeadline) {
  server.setFault("garbage.test", DnsServer::Fault::kGarbage);
  const auto asked = begin("garbage.test");
  settle();
  loop.advance(options.deadline);
  EXPECT_FALSE(asked->ok());
  EXPECT_NE(asked->failure(), "no answer");
}

TEST_F(ResolverTest, DoesNotTakeHalfAnAnswer) {
  server.setA("cut.test", {"10.0.0.1", "10.0.0.2"}, 30);
  server.setFault("cut.test", DnsServer::Fault::kCutShort);
  const auto asked = begin("cut.test");
  settle();
  loop.advance(options.deadline);
  EXPECT_FALSE(asked->ok());
}

TEST_F(ResolverTest, GivesUpASilentServerAtTheDeadline) {
  server.setFault("silent.test", DnsServer::Fault::kSilent);
  const auto asked = begin("silent.test");
  settle();
  loop.advance(options.deadline - Milliseconds(100));
  EXPECT_EQ(asked->failure(), "no answer");
  loop.advance(Milliseconds(104));
  EXPECT_EQ(asked->failure(), "timeout");
  EXPECT_EQ(asked->calls, 1);
}

// c-ares reads its own clock, so its timeouts need real time.
class ImpatientResolverTest : public ::testing::Test {
 protected:
  Texts resolve(const Texts& servers, std::string_view host) {
    const ResolverOptions options{.servers = servers,
                                  .search_domains = false,
                                  .attempt_timeout = Milliseconds(20),
                                  .attempts = 4};
    const auto resolver = std::move(Resolver::make(loop, options).value());
    Texts found;
    const auto query = resolver->resolve(host, Family::kAll, [&](const Result<Addresses>& answer) {
      if (answer.ok()) found = textsOf(answer.value().ips);
      loop.stop();
    });
    loop.run();
    return found;
  }
  std::string addressOfNobody() { return DnsServer(loop).address(); }

  event::Loop loop;
  DnsServer server{loop};
};

TEST_F(ImpatientResolverTest, AsksAgainWhenAnAnswerIsLost) {
  server.setA("lost.test", {"10.0.0.1"}, 30);
  server.dropNext(2);
  EXPECT_EQ(resolve({server.address()}, "lost.test"), Texts{"10.0.0.1"});
  EXPECT_EQ(server.queriesFor("A lost.test"), 2U);
}

TEST_F(ImpatientResolverTest, AsksTheNextServerWhenOneIsNotThere) {
  server.setA("one.test", {"10.0.0.1"}, 30);
  EXPECT_EQ(resolve({addressOfNobody(), server.address()}, "one.test"), Texts{"10.0.0.1"});
}

TEST_F(ImpatientResolverTest, AsksTheNextServerWhenOneIsSilent) {
  DnsServer silent(loop);
  silent.dropNext(1000);
  server.setA("one.test", {"10.0.0.1"}, 30);
  EXPECT_EQ(resolve({silent.address(), server.address()}, "one.test"), Texts{"10.0.0.1"});
}

TEST_F(ResolverTest, TakesLongAnswersOverTcp) {
  Texts many;
  for (int i = 1; i <= 200; ++i) many.push_back("10.1.0." + std::to_string(i));
  server.setA("many.test", many, 30);
  server.truncateUdp(true);
  const auto asked = resolve("many.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), many);
  EXPECT_GE(server.tcpQueries(), 1U);
}

TEST_F(ResolverTest, KnowsTheHostsFile) {
  options.servers = {"127.0.0.1:9"};
  restart();
  const auto asked = resolve("localhost");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(asked->value().ips.front().text(), "127.0.0.1");
  EXPECT_EQ(asked->value().ttl, std::nullopt);
}

TEST_F(ResolverTest, TakesAddressesAsTheyAre) {
  EXPECT_EQ(textsOf(resolve("192.0.2.7")->value().ips), Texts{"192.0.2.7"});
  EXPECT_EQ(textsOf(resolve("2001:db8::7")->value().ips), Texts{"2001:db8::7"});
  EXPECT_TRUE(server.queries().empty());
}

TEST_F(ResolverTest, RefusesWhatIsNoName) {
  EXPECT_EQ(resolve("")->failure(), "invalid");
  EXPECT_EQ(resolve("two words")->failure(), "invalid");
  EXPECT_EQ(resolve(std::string_view("a\0b", 3))->failure(), "invalid");
  EXPECT_EQ(resolve(std::string(300, 'a'))->failure(), "invalid");
  EXPECT_EQ(resolve("a..b")->failure(), "invalid");
  EXPECT_EQ(resolve(std::string(64, 'a') + ".test")->failure(), "invalid");
  EXPECT_TRUE(server.queries().empty());
}

TEST_F(ResolverTest, NeverAnswersWithinTheCall) {
  const auto literal = begin("10.0.0.1");
  const auto invalid = begin("");
  const auto local = begin("localhost");
  EXPECT_EQ(literal->calls + invalid->calls + local->calls, 0);
  settle();
  EXPECT_EQ(literal->calls + invalid->calls + local->calls, 3);
}

TEST_F(ResolverTest, DoesNotAnswerADestroyedQuery) {
  server.setA("one.test", {"10.0.0.1"}, 30);
  const auto before = begin("one.test");
  const auto during = begin("one.test");
  const auto literal = begin("10.0.0.1");
  before->query.reset();
  literal->query.reset();
  loop.runOnce();
  during->query.reset();
  settle();
  EXPECT_EQ(before->calls + during->calls + literal->calls, 0);
  EXPECT_EQ(resolver->inFlight(), 0U);
}

TEST_F(ResolverTest, LetsAnAnswerDestroyItsQueryAndAskAgain) {
  server.setA("one.test", {"10.0.0.1"}, 30);
  std::unique_ptr<Query> query;
  Texts found;
  query = resolver->resolve("one.test", Family::kAll, [&](const Result<Addresses>&) {
    query = resolver->resolve("one.test", Family::kAll, [&](const Result<Addresses>& again) {
      found = textsOf(again.value().ips);
      query.reset();
    });
  });
  settle();
  EXPECT_EQ(found, Texts{"10.0.0.1"});
}

TEST_F(ResolverTest, AsksForSoManyAtOnceAndNoMore) {
  options.max_in_flight = 2;
  restart();
  server.setA("one.test", {"10.0.0.1"}, 30);
  std::vector<Addressed> asked;
  for (int i = 0; i < 7; ++i) asked.push_back(begin("one.test"));
  loop.advance(Milliseconds(0));
  EXPECT_EQ(resolver->inFlight(), 2U);
  asked[5]->query.reset();
  for (int i = 0; i < 5; ++i) settle();
  int answers = 0;
  for (const auto& each : asked) answers += each->ok() ? 1 : 0;
  EXPECT_EQ(answers, 6);
  EXPECT_EQ(server.queriesFor("A one.test"), 6U);
}

TEST_F(ResolverTest, GoesWithQueriesInFlight) {
  server.setFault("silent.test", DnsServer::Fault::kSilent);
  const auto flying = begin("silent.test");
  settle();
  const auto waiting = begin("silent.test");
  resolver.reset();
  settle();
  EXPECT_EQ(flying->calls + waiting->calls, 0);
}

TEST_F(ResolverTest, AsksForOneFamilyAlone) {
  server.setA("both.test", {"10.0.0.1"}, 30);
  server.setFault("AAAA both.test", DnsServer::Fault::kSilent);
  const auto four = answered(begin("both.test", Family::kIpv4));
  ASSERT_TRUE(four->ok()) << four->failure();
  EXPECT_EQ(textsOf(four->value().ips), Texts{"10.0.0.1"});
  EXPECT_EQ(server.queriesFor("AAAA both.test"), 0U);
  server.setAaaa("six.test", {"fd00::1"}, 30);
  EXPECT_EQ(textsOf(answered(begin("six.test", Family::kIpv6))->value().ips), Texts{"fd00::1"});
  EXPECT_EQ(server.queriesFor("A six.test"), 0U);
}

TEST_F(ResolverTest, SaysWhichFamilyFailed) {
  server.setA("half.test", {"10.0.0.1"}, 30);
  server.setFault("AAAA half.test", DnsServer::Fault::kServerFails);
  const auto asked = resolve("half.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), Texts{"10.0.0.1"});
  EXPECT_FALSE(asked->value().failures[kIpv4].has_value());
  EXPECT_TRUE(asked->value().failures[kIpv6].has_value());
  EXPECT_TRUE(asked->value().last);
}

TEST_F(ResolverTest, DoesNotTakeAFailureForANameThatDoesNotExist) {
  server.setSrv("half.test", {{"one.test", 80, 1, 1}}, 30);  // exists, without addresses
  server.setFault("AAAA half.test", DnsServer::Fault::kServerFails);
  EXPECT_NE(resolve("half.test")->failure(), "not found");
}

TEST_F(ResolverTest, DoesNotWaitForAFamilyThatIsSilent) {
  server.setA("half.test", {"10.0.0.1"}, 30);
  server.setFault("AAAA half.test", DnsServer::Fault::kSilent);
  const auto asked = begin("half.test");
  settle();
  EXPECT_EQ(asked->calls, 0);
  loop.advance(Resolver::kFamilyDelay + event::Wheel::kTick);
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), Texts{"10.0.0.1"});
  EXPECT_FALSE(asked->value().last);
  loop.advance(options.deadline);
  EXPECT_EQ(asked->calls, 2);
  EXPECT_TRUE(asked->value().last);
  EXPECT_EQ(asked->value().failures[kIpv6]->code, ErrorCode::kTimeout);
}

// A resolver with the servers and the search list of a file in the test.
class SystemResolverTest : public ResolverTest {
 protected:
  SystemResolverTest() { options = {.resolv_conf = directory.path() + "/resolv.conf"}; }

  void configure(const std::string& address, const std::string& rest) {
    test::writeFile(options.resolv_conf, "nameserver " + address + "\n" + rest);
  }
  void start(const std::string& rest) {
    configure(server.address(), rest);
    restart();
  }

  test::TemporaryDirectory directory;
};

TEST_F(SystemResolverTest, CompletesNames) {
  server.setA("shop.svc.test", {"10.0.0.1"}, 30);
  server.setA("shop", {"10.0.0.9"}, 30);
  start("search svc.test test\n");
  EXPECT_EQ(textsOf(resolve("shop")->value().ips), Texts{"10.0.0.1"});
}

TEST_F(SystemResolverTest, FindsACompleteNameBehindTheSearchList) {
  server.setA("shop.eu.test", {"10.0.0.1"}, 30);
  start("search svc.test test\noptions ndots:5\n");
  EXPECT_EQ(textsOf(resolve("shop.eu.test")->value().ips), Texts{"10.0.0.1"});
  EXPECT_EQ(server.queriesFor("A shop.eu.test.svc.test"), 1U);
  EXPECT_EQ(textsOf(resolve("shop.eu.test.")->value().ips), Texts{"10.0.0.1"});
}

TEST_F(SystemResolverTest, PassesOverDomainsWhoseServersFail) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  server.setFault("shop.test.svc.test", DnsServer::Fault::kServerFails);
  start("search svc.test\noptions ndots:5\n");
  const auto asked = resolve("shop.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), Texts{"10.0.0.1"});
}

TEST_F(SystemResolverTest, PassesOverDomainsWhoseServersAreSilent) {
  server.setA("shop.test", {"10.0.0.1"}, 30);
  for (const char* domain : {".one.test", ".two.test", ".three.test"}) {
    server.setFault(std::string("shop.test") + domain, DnsServer::Fault::kSilent);
  }
  start("search one.test two.test three.test\noptions ndots:5\n");
  const auto asked = begin("shop.test");
  for (int wait = 0; wait < 3 && !asked->answer; ++wait) {
    settle();
    loop.advance(Milliseconds(1'604));  // a fifth of the deadline: four names, and the end
  }
  settle();
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(textsOf(asked->value().ips), Texts{"10.0.0.1"});
}

TEST_F(SystemResolverTest, DoesNotTakeAFailureInTheSearchListForNotFound) {
  server.setFault("shop.svc.test", DnsServer::Fault::kServerFails);
  start("search svc.test\n");
  const auto asked = resolve("shop");
  EXPECT_NE(asked->failure(), "not found");
}

TEST_F(SystemResolverTest, CompletesNamesOfServices) {
  server.setFault("_http._tcp.shop.one.test", DnsServer::Fault::kServerFails);
  server.setSrv("_http._tcp.shop.two.test", {{"a.test", 80, 1, 1}}, 30);
  start("search one.test two.test\noptions ndots:5\n");
  const auto asked = resolveSrv("_http._tcp.shop");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  EXPECT_EQ(asked->value().services.front().target, "a.test");
}

// The kernel reports changes of files in real time.
TEST(SystemResolver, FollowsResolvConf) {
  event::Loop loop;
  DnsServer silent(loop);
  DnsServer server(loop);
  silent.setFault("shop.test", DnsServer::Fault::kSilent);
  server.setA("shop.test", {"10.0.0.1"}, 30);
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/resolv.conf";
  test::writeFile(path, "nameserver " + silent.address() + "\n");
  const auto resolver = std::move(Resolver::make(loop, {.resolv_conf = path}).value());
  bool changed = false;
  resolver->setOnServersChanged([&] { changed = true; });
  Texts found;
  const auto query = resolver->resolve("shop.test", Family::kIpv4, [&](const auto& answer) {
    if (answer.ok()) found = textsOf(answer.value().ips);
    loop.stop();
  });
  while (silent.queriesFor("A shop.test") == 0) loop.runOnce();
  test::writeFile(path, "nameserver " + server.address() + "\n");
  loop.run();
  EXPECT_EQ(found, Texts{"10.0.0.1"});
  EXPECT_TRUE(changed);
}

TEST_F(ResolverTest, RefusesServersWithoutAPort) {
  EXPECT_FALSE(Resolver::make(loop, {.servers = {"127.0.0.1"}}).ok());
  EXPECT_FALSE(Resolver::make(loop, {.servers = {"dns.test:53"}}).ok());
  EXPECT_FALSE(Resolver::make(loop, {.servers = {"unix:/dns"}}).ok());
  EXPECT_TRUE(Resolver::make(loop, {.servers = {"[::1]:53"}}).ok());
}

TEST_F(ResolverTest, FindsServicesByPriorityAndWeight) {
  server.setSrv(
      "_http._tcp.shop.test",
      {{"b.shop.test", 8080, 10, 20}, {"a.shop.test", 8081, 5, 10}, {"c.shop.test", 8082, 30, 10}},
      45);
  const auto asked = resolveSrv("_http._tcp.shop.test");
  ASSERT_TRUE(asked->ok()) << asked->failure();
  const std::vector<Service> expected = {
      {"c.shop.test", 8082, 30, 10}, {"a.shop.test", 8081, 5, 10}, {"b.shop.test", 8080, 10, 20}};
  EXPECT_EQ(asked->value().services, expected);
  EXPECT_EQ(asked->value().ttl, seconds(45));
}

TEST_F(ResolverTest, SaysWhenThereAreNoServices) {
  server.setA("one.test", {"10.0.0.1"}, 30);
  EXPECT_EQ(resolveSrv("one.test")->failure(), "not found");
  EXPECT_EQ(resolveSrv("missing.test")->failure(), "not found");
}

TEST_F(ResolverTest, TakesTheRootAsNoService) {
  server.setSrv("_none._tcp.test", {{"", 0, 0, 0}}, 30);
  EXPECT_EQ(resolveSrv("_none._tcp.test")->failure(), "not found");
}

TEST_F(ResolverTest, DoesNotTakeHalfAListOfServices) {
  server.setSrv("_cut._tcp.test", {{"a.test", 1, 1, 1}, {"b.test", 1, 1, 1}}, 30);
  server.setFault("_cut._tcp.test", DnsServer::Fault::kCutShort);
  const auto asked = beginSrv("_cut._tcp.test");
  settle();
  loop.advance(options.deadline);
  EXPECT_FALSE(asked->ok());
}

}  // namespace
}  // namespace weir::dns
