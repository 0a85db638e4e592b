#include "mesh/discovery/kubernetes.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include "mesh/discovery/kubernetes_client.h"
#include "tests/mesh/discovery/fixture.h"
#include "tests/support/temporary_directory.h"

namespace weir::mesh {
namespace {

using kubernetes::SliceClient;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kPath =
    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector="
    "kubernetes.io%2Fservice-name%3Dorders";

// The source, with an API server that the test plays.
class KubernetesTest : public DiscoveryTest {
 protected:
  KubernetesSettings settings() {
    KubernetesSettings made;
    made.name_space = "shop";
    made.name = "orders";
    made.target.url = "https://kubernetes:6443";
    made.account = account.path();
    return made;
  }
  void begin() {
    discovery = makeKubernetes(settings())->make({loop, *resolver, http_client, names});
    discovery->start(heard);
  }
  void beginWithList() {
    begin();
    refuse(400);  // does not know initial events
  }
  void writeToken(std::string_view token) {
    std::ofstream(account.path() + "/token") << token << "\n";
  }
  test::FakeClient::Received& called() { return http_client.last(); }
  std::string authorization() {
    for (const auto& [name, value] : called().headers) {
      if (name == "authorization") return value;
    }
    return "none";
  }

  static std::string object(std::string_view name, std::string_view ip, std::string_view version) {
    return R"({"metadata": {"name": ")" + std::string(name) + R"(", "resourceVersion": ")" +
           std::string(version) + R"("}, "ports": [{"port": 80}], "endpoints": [{"addresses": [")" +
           std::string(ip) + R"("]}]})";
  }
  static std::string event(std::string_view type, std::string_view what) {
    return R"({"type": ")" + std::string(type) + R"(", "object": )" + std::string(what) + "}\n";
  }
  static std::string bookmark(std::string_view version, bool end = false) {
    return event("BOOKMARK",
                 R"({"metadata": {"resourceVersion": ")" + std::string(version) + "\"" +
                     (end ? R"(, "annotations": {"k8s.io/initial-events-end": "true"})" : "") +
                     "}}");
  }
  void refuse(int status, std::string_view message = "no") {
    called().reply(status, R"({"kind": "Status", "message": ")" + std::string(message) + "\"}");
  }
  void page(std::string_view items, std::string_view version, std::string_view next = "") {
    called().reply(200, R"({"metadata": {"resourceVersion": ")" + std::string(version) +
                            R"(", "continue": ")" + std::string(next) + R"("}, "items": [)" +
                            std::string(items) + "]}");
  }
  // A watch that goes on from version 7, with the endpoint 10.0.0.1:80.
  test::FakeClient::Received& watching() {
    begin();
    called().head(200);
    called().piece(event("ADDED", object("a", "10.0.0.1", "5")) + bookmark("7", true));
    return called();
  }
  void passRetry() { loop.advance(Milliseconds(30'100)); }

  test::TemporaryDirectory account;
};

TEST_F(KubernetesTest, OneWatchSendsEverything) {
  begin();
  EXPECT_THAT(called().target, StartsWith(std::string(kPath)));
  EXPECT_THAT(called().target, HasSubstr("&watch=1&"));
  EXPECT_THAT(called().target, HasSubstr("&sendInitialEvents=true&resourceVersionMatch="
                                         "NotOlderThan&resourceVersion="));
  EXPECT_THAT(called().target, HasSubstr("&allowWatchBookmarks=true&timeoutSeconds="));
  EXPECT_EQ(authorization(), "none");
  auto& watch = called();
  watch.head(200);
  watch.piece(event("ADDED", object("a", "10.0.0.1", "5")));
  EXPECT_EQ(heard.answers, 0);  // not everything yet
  watch.piece(bookmark("7", true));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  watch.piece(event("MODIFIED", object("a", "10.0.0.2", "8")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
  const std::string more = event("ADDED", object("b", "10.0.0.3", "9"));
  watch.piece(more.substr(0, 20));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
  watch.piece(more.substr(20));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80 10.0.0.3:80");
  watch.piece(event("DELETED", object("a", "10.0.0.2", "10")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.3:80");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(KubernetesTest, AServerWithoutInitialEventsIsListedAndWatched) {
  beginWithList();
  EXPECT_EQ(called().target, std::string(kPath) + "&limit=100");
  page(object("a", "10.0.0.1", "5"), "7", "next/1");
  EXPECT_EQ(called().target, std::string(kPath) + "&limit=100&continue=next%2F1");
  EXPECT_EQ(heard.answers, 0);
  page(object("b", "10.0.0.2", "5"), "7");
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80");
  EXPECT_THAT(called().target, HasSubstr("&watch=1&"));
  EXPECT_THAT(called().target, HasSubstr("&resourceVersion=7"));
  EXPECT_THAT(called().target, Not(HasSubstr("sendInitialEvents")));
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(KubernetesTest, TheNextWatchContinuesTheOneBefore) {
  auto& watch = watching();
  watch.piece(bookmark("abc/12"));
  loop.advance(Milliseconds(60'000));
  watch.end();
  EXPECT_EQ(http_client.count(), 2U);
  EXPECT_THAT(called().target, HasSubstr("&resourceVersion=abc%2F12"));
  called().head(200);
  called().piece(event("ADDED", object("b", "10.0.0.2", "13")));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80");
  loop.advance(Milliseconds(60'000));
  called().fail(Reason::kUpstreamResetAfterHeaders, {ErrorCode::kReset, Origin::kUpstream, "gone"});
  EXPECT_THAT(called().target, HasSubstr("&resourceVersion=13"));
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(KubernetesTest, WatchesThatEndAtOnceAreNotRepeatedAtOnce) {
  auto& watch = watching();
  watch.end();
  EXPECT_EQ(http_client.count(), 1U);
  EXPECT_EQ(heard.failures.size(), 1U);
  passRetry();
  EXPECT_EQ(http_client.count(), 2U);
  EXPECT_THAT(called().target, HasSubstr("&resourceVersion=7"));
  const int before = heard.answers;
  called().head(200);
  EXPECT_EQ(heard.answers, before + 1);  // what is known is current again
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(KubernetesTest, AnExpiredVersionListsAgain) {
  auto& watch = watching();
  watch.piece(event("ERROR", R"({"kind": "Status", "code": 410, "reason": "Expired"})"));
  EXPECT_THAT(called().target, HasSubstr("sendInitialEvents=true"));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  called().head(200);
  called().piece(event("ADDED", object("b", "10.0.0.2", "20")) + bookmark("21", true));
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");  // "a" was deleted meanwhile
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(KubernetesTest, AVersionThatIsGoneBeforeTheWatchListsAgainToo) {
  watching().piece(bookmark("8"));
  loop.advance(Milliseconds(60'000));
  called().end();
  refuse(410, "too old resource version");
  EXPECT_THAT(called().target, HasSubstr("sendInitialEvents=true"));
  refuse(410);  // again: with a pause
  EXPECT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  passRetry();
  EXPECT_THAT(called().target, HasSubstr("sendInitialEvents=true"));
}

TEST_F(KubernetesTest, PagesThatExpireBeginAgain) {
  beginWithList();
  page(object("a", "10.0.0.1", "5"), "7", "next");
  refuse(410);
  EXPECT_EQ(heard.failures.size(), 1U);
  passRetry();
  EXPECT_EQ(called().target, std::string(kPath) + "&limit=100");
  page(object("b", "10.0.0.2", "5"), "9");
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
}

TEST_F(KubernetesTest, TheTokenIsReadForEachRequest) {
  writeToken("one");
  begin();
  EXPECT_EQ(authorization(), "Bearer one");
  refuse(401, "Unauthorized");
  EXPECT_THAT(heard.failures.at(0), HasSubstr("service shop/orders: status 401: Unauthorized"));
  writeToken("two");
  passRetry();
  EXPECT_EQ(authorization(), "Bearer two");
}

TEST_F(KubernetesTest, FailuresChangeNothing) {
  auto& watch = watching();
  const int before = heard.answers;
  watch.piece("{\"type\": \"ADDED\", \"object\": 7}\n");
  EXPECT_THAT(heard.failures.back(), HasSubstr("the event has no name"));
  passRetry();
  called().fail(Reason::kUpstreamConnectRefused,
                {ErrorCode::kRefused, Origin::kUpstream, "connection refused"});
  EXPECT_THAT(heard.failures.back(), HasSubstr("connection refused"));
  passRetry();
  refuse(503);
  EXPECT_EQ(heard.answers, before);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(KubernetesTest, AServerThatVanishedIsNoticed) {
  watching();
  const std::size_t before = http_client.count();
  loop.advance(SliceClient::kSilence + event::Wheel::kTick);
  EXPECT_EQ(http_client.count(), before + 1);
  EXPECT_THAT(called().target, HasSubstr("&resourceVersion=7"));
  loop.advance(SliceClient::kListTimeout + event::Wheel::kTick);
  EXPECT_THAT(heard.failures.back(), HasSubstr("no answer in time"));
}

TEST_F(KubernetesTest, AnEmptyServiceIsEmpty) {
  begin();
  called().head(200);
  called().piece(bookmark("7", true));
  EXPECT_EQ(heard.endpoints(), "");
  EXPECT_EQ(heard.answers, 1);
}

TEST(KubernetesSettings, NamesTheService) {
  KubernetesSettings read;
  EXPECT_EQ(mistakesIn("service = \"shop/orders\"\nserver = \"https://k:6443\"", read), "");
  EXPECT_EQ(read.name_space + " " + read.name, "shop orders");
  EXPECT_EQ(mistakesIn("service = \"orders\"\nserver = \"https://k:6443\"", read), "");
  EXPECT_EQ(read.name_space, "default");
  EXPECT_THAT(mistakesIn<KubernetesSettings>("service = \"a/b/c\"\nserver = \"https://k:6443\""),
              HasSubstr("service: is not \"NAME\" or \"NAMESPACE/NAME\""));
  EXPECT_THAT(mistakesIn<KubernetesSettings>("service = \"a\"\nserver = \"https://k:6443/x\""),
              HasSubstr("server: must not have a path"));
}

TEST(KubernetesSettings, FindsTheClusterInWhichItRuns) {
  test::TemporaryDirectory account;
  std::ofstream(account.path() + "/namespace") << "mine";
  const std::string toml = "service = \"orders\"\nservice_account = \"" + account.path() + "\"\n";
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_THAT(mistakesIn<KubernetesSettings>(toml), HasSubstr("does not run in a cluster"));
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  KubernetesSettings read;
  EXPECT_EQ(mistakesIn(toml, read), "");
  EXPECT_EQ(read.target.url, "https://[fd00::1]:443");
  EXPECT_EQ(read.target.files.ca, account.path() + "/ca.crt");
  EXPECT_EQ(read.name_space, "mine");
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  ::unsetenv("KUBERNETES_SERVICE_PORT");
}

}  // namespace
}  // namespace weir::mesh
