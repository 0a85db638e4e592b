#include "mesh/discovery/consul.h"

#include <gmock/gmock.h>

#include "mesh/discovery/consul_answer.h"
#include "tests/mesh/discovery/fixture.h"

namespace weir::mesh {
namespace {

using ::testing::HasSubstr;
using Headers = std::vector<http::CallHeader>;

// An instance as Consul describes it.
std::string instance(std::string_view address, std::string_view status = "passing") {
  return R"({"Node": {"Node": "n1", "Address": "10.9.9.9", "Datacenter": "dc1"},
             "Service": {"ID": "1", "Address": ")" +
         std::string(address) +
         R"(", "Port": 80, "Tags": ["v1"], "Meta": {"version": "2", "weight": "9"},
             "Weights": {"Passing": 5, "Warning": 2}},
             "Checks": [{"Status": "passing"}, {"Status": ")" +
         std::string(status) + R"("}]})";
}

TEST(ConsulAnswer, ReadsInstances) {
  const auto answer =
      consul::readServiceHealth("[" + instance("10.0.0.1") + "," + instance("", "warning") + "," +
                                instance("10.0.0.3", "critical") + "," + instance("a.name") + "]");
  ASSERT_EQ(answer.mistake, "");
  ASSERT_EQ(answer.endpoints.size(), 2U);
  const upstream::Endpoint& first = answer.endpoints[0];
  EXPECT_EQ(first.address.text(), "10.0.0.1:80");
  EXPECT_EQ(first.weight, 5U);
  EXPECT_EQ(first.zone, "dc1");
  ASSERT_EQ(first.metadata.size(), 2U);
  EXPECT_EQ(first.metadata[0].first + "=" + first.metadata[0].second, "version=2");
  EXPECT_EQ(answer.endpoints[1].address.text(), "10.9.9.9:80");
  EXPECT_EQ(answer.endpoints[1].weight, 2U);
  EXPECT_EQ(answer.skipped, 1U);
}

TEST(ConsulAnswer, TakesTheZoneOfTheInstance) {
  const auto answer = consul::readServiceHealth(
      R"([{"Node": {"Address": "10.0.0.1", "Datacenter": "dc1", "Locality": {"Zone": "b"}},
           "Service": {"Port": 80, "Locality": {"Zone": "a"}}},
          {"Node": {"Address": "10.0.0.2", "Datacenter": "dc1", "Locality": {"Zone": "b"}},
           "Service": {"Port": 80, "Locality": null, "Meta": null}},
          {"Node": {"Address": "10.0.0.3", "Datacenter": "dc1"},
           "Service": {"Port": 80, "Meta": {"zone": "c"}}}])");
  ASSERT_EQ(answer.endpoints.size(), 3U);
  EXPECT_EQ(answer.endpoints[0].zone, "a");
  EXPECT_EQ(answer.endpoints[1].zone, "b");
  EXPECT_EQ(answer.endpoints[2].zone, "c");
  EXPECT_EQ(answer.endpoints[0].weight, 1U);
}

TEST(ConsulAnswer, RefusesWhatIsNoList) {
  EXPECT_EQ(consul::readServiceHealth("[{]").mistake, "the answer is not JSON");
  EXPECT_EQ(consul::readServiceHealth("{}").mistake, "the answer is not an array");
  EXPECT_EQ(consul::readServiceHealth("[]").mistake, "");
  EXPECT_EQ(consul::readServiceHealth(R"([1, {"Service": {"Port": 0}}])").skipped, 2U);
}

// The source, with a Consul that the test plays.
class ConsulTest : public DiscoveryTest {
 protected:
  static ConsulSettings settings() {
    ConsulSettings made;
    made.server.url = "http://consul:8500";
    made.service = "orders";
    return made;
  }
  void begin(const ConsulSettings& with = settings()) {
    const auto source = makeConsul(with);
    discovery = source->make({loop, *resolver, http_client, names});
    discovery->start(heard);
  }
  void answer(std::string_view index, const std::string& body, Headers more = {}) {
    more.push_back({"X-Consul-Index", index});
    http_client.last().reply(200, body, more);
  }
  void answerOne(std::string_view index, Headers more = {}) {
    answer(index, "[" + instance("10.0.0.1") + "]", std::move(more));
  }
  bool asks(std::string_view parameter) {
    return (http_client.last().target + "&").find("&" + std::string(parameter) + "&") !=
           std::string::npos;
  }
  void passPause() { loop.advance(Milliseconds(1'000) + event::Wheel::kTick); }
  void passRetry() { loop.advance(Milliseconds(30'100)); }
};

TEST_F(ConsulTest, AsksByBlockingQueries) {
  begin();
  EXPECT_EQ(http_client.last().target, "/v1/health/service/orders?wait=55s&passing=1&stale=1");
  EXPECT_EQ(http_client.last().authority, "consul:8500");
  answerOne("17");
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*5");
  EXPECT_EQ(http_client.count(), 1U);  // a pause between two queries
  passPause();
  EXPECT_EQ(http_client.count(), 2U);
  EXPECT_TRUE(asks("index=17"));
  EXPECT_GT(http_client.last().options.timeout, std::chrono::seconds(55 + 55 / 16));
  loop.advance(std::chrono::seconds(55));
  answerOne("17");  // the wait is over: nothing has changed
  EXPECT_EQ(heard.answers, 1);
  loop.advance(event::Wheel::kTick);
  EXPECT_EQ(http_client.count(), 3U);  // the pause is over, too
  answer("18", "[]");
  EXPECT_EQ(heard.endpoints(), "");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(ConsulTest, AnIndexThatGoesBackwardsBeginsAgain) {
  begin();
  answerOne("17");
  passPause();
  answer("3", "[" + instance("10.0.0.2") + "]");
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80*5");
  passPause();
  EXPECT_FALSE(asks("index=3"));
  EXPECT_FALSE(asks("index=17"));
  answerOne("4");
  passPause();
  EXPECT_TRUE(asks("index=4"));
}

TEST_F(ConsulTest, AnAnswerWithoutAnIndexIsAFailure) {
  begin();
  answerOne("0");
  EXPECT_EQ(heard.failures.back(), "consul: service orders: the answer has no index");
  passRetry();
  http_client.last().reply(200, "[]");
  EXPECT_EQ(heard.failures.size(), 2U);
  EXPECT_EQ(heard.answers, 0);
  passRetry();
  answerOne("1");
  EXPECT_EQ(heard.answers, 1);
}

TEST_F(ConsulTest, FailuresChangeNothingAndAreFollowedByAPause) {
  begin();
  answerOne("17");
  passPause();
  http_client.last().reply(500, "no leader");
  EXPECT_EQ(heard.failures.back(), "consul: service orders: status 500");
  EXPECT_EQ(http_client.count(), 2U);
  loop.advance(Milliseconds(900));
  EXPECT_EQ(http_client.count(), 2U);
  passRetry();
  EXPECT_FALSE(asks("index=17"));
  http_client.last().reply(403, "Permission denied");
  EXPECT_EQ(heard.failures.back(), "consul: service orders: the token is refused");
  passRetry();
  http_client.last().fail(Reason::kUpstreamTimeout,
                          {ErrorCode::kTimeout, Origin::kLocal, "no response in time"});
  EXPECT_EQ(heard.failures.back(), "consul: service orders: no response in time");
  passRetry();
  answer("18", "[{]");
  EXPECT_EQ(heard.failures.back(), "consul: service orders: the answer is not JSON");
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*5");
  passRetry();
  answerOne("17");  // the same as before all this, and good news
  EXPECT_EQ(heard.answers, 2);
}

TEST_F(ConsulTest, AnAnswerThatIsTooOldIsAskedForAtTheLeader) {
  begin();
  answer("17", "[]", {{"X-Consul-LastContact", "10001"}});
  EXPECT_EQ(heard.answers, 0);
  passPause();
  EXPECT_FALSE(asks("stale=1"));
  answerOne("17", {{"X-Consul-LastContact", "0"}});
  EXPECT_EQ(heard.answers, 1);
  passPause();
  EXPECT_TRUE(asks("stale=1"));
  answer("18", "[]", {{"X-Consul-KnownLeader", "false"}});
  EXPECT_EQ(heard.answers, 1);
  passPause();
  EXPECT_FALSE(asks("stale=1"));
}

TEST_F(ConsulTest, InstancesWithoutAddressesAreNotTheEndOfAll) {
  begin();
  answerOne("17");
  passPause();
  ::testing::internal::CaptureStderr();
  answer("18", "[" + instance("a.name") + "]");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("ignoring 1 instances without an IP address"));
  EXPECT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*5");
}

TEST_F(ConsulTest, AsksForWhatTheSettingsSay) {
  ConsulSettings with = settings();
  with.service = "orders & co";
  with.tags = {"v1", "eu"};
  with.datacenter = "dc2";
  with.space = "shop";
  with.partition = "p";
  with.filter = "Service.Meta.version == \"2\"";
  with.include_warning = true;
  with.stale = false;
  with.token = config::Secret(config::Secret::Source::kInline, "", "secret");
  begin(with);
  EXPECT_EQ(http_client.last().target,
            "/v1/health/service/orders%20%26%20co?wait=55s&tag=v1&tag=eu&dc=dc2&ns=shop&"
            "partition=p&filter=Service.Meta.version%20%3D%3D%20%222%22");
  const auto& headers = http_client.last().headers;
  EXPECT_THAT(headers, ::testing::Contains(::testing::Pair("x-consul-token", "secret")));
  EXPECT_NE(makeConsul(with)->identity(), makeConsul(settings())->identity());
  EXPECT_THAT(makeConsul(with)->identity(), ::testing::Not(HasSubstr("secret")));
}

struct OneConsul {
  ConsulSettings consul;
  static void read(config::Table& table, OneConsul& out) {
    table.read("consul", out.consul, "A service.");
  }
};

TEST_F(ConsulTest, RefusesSettingsWithTheirPosition) {
  EXPECT_EQ(mistakesIn<OneConsul>("consul = { server = 'http://c:8500', service = 'a' }"), "");
  EXPECT_THAT(mistakesIn<OneConsul>("consul = { server = 'http://c:8500/v1', service = 'a' }"),
              HasSubstr("test:1:21: consul.server: must not have a path"));
  EXPECT_THAT(mistakesIn<OneConsul>("consul = { server = 'http://c:8500', service = '' }"),
              HasSubstr("test:1:48: consul.service"));
}

}  // namespace
}  // namespace weir::mesh
