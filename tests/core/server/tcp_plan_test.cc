#include "core/proxy/tcp_plan.h"

#include <gmock/gmock.h>

#include "tests/core/server/fixture.h"

namespace weir::server {
namespace {

using ::testing::HasSubstr;
using Action = proxy::TlsRule::Action;

constexpr std::string_view kUpstreams = R"(
[upstream.db]
discovery = { list = ["10.0.0.1:5432"] }

[upstream.mail]
discovery = { list = ["10.0.0.2:25"] }
proxy_protocol = "v2"
)";

class TcpPlanTest : public PlanTest {
 protected:
  std::shared_ptr<const proxy::Plan> plan(std::string_view listener, std::string_view rest = "") {
    return build("[[listener]]\nname = \"a\"\naddress = \":1\"\n" + std::string(listener) +
                 std::string(kUpstreams) + std::string(rest));
  }
  void expectMistake(std::string_view listener, std::string_view what, std::string_view rest = "") {
    EXPECT_EQ(plan(listener, rest), nullptr);
    EXPECT_THAT(diagnostics, HasSubstr(what));
  }
};

TEST_F(TcpPlanTest, ConnectionsGoToTheUpstream) {
  const auto made = plan("protocol = \"tcp\"\nupstream = \"db\"\n");
  ASSERT_NE(made, nullptr) << diagnostics;
  const proxy::ListenerPlan& listener = *made->listeners[0];
  EXPECT_TRUE(listener.tcp);
  EXPECT_EQ(listener.upstream, names.intern("db"));
  EXPECT_EQ(listener.tcp_idle_timeout, Milliseconds(3'600'000));
  EXPECT_FALSE(listener.tells_server);
  EXPECT_FALSE(listener.peeks());
}

TEST_F(TcpPlanTest, AnUpstreamMayWantToKnowTheClient) {
  const auto made = plan("protocol = \"tcp\"\nupstream = \"mail\"\nidle_timeout = \"5s\"\n");
  ASSERT_NE(made, nullptr) << diagnostics;
  EXPECT_TRUE(made->listeners[0]->tells_server);
  EXPECT_EQ(made->listeners[0]->tcp_idle_timeout, Milliseconds(5'000));
  const auto& mail = *made->cluster(names.intern("mail"));
  EXPECT_EQ(mail->options.proxy_protocol, net::ProxyVersion::kBinary);
}

TEST_F(TcpPlanTest, AListenerOfHttpMayCarryTheRest) {
  const auto made = plan("upstream = \"db\"\n");
  ASSERT_NE(made, nullptr) << diagnostics;
  EXPECT_FALSE(made->listeners[0]->tcp);
  EXPECT_EQ(made->listeners[0]->upstream, names.intern("db"));
}

TEST_F(TcpPlanTest, UpstreamsAreKnownAndNeeded) {
  expectMistake("protocol = \"tcp\"\n", "listener[0].protocol: tcp needs an upstream");
  expectMistake("protocol = \"tcp\"\nupstream = \"bd\"\n",
                "listener[0].upstream: unknown upstream \"bd\" (did you mean \"db\"?)");
  expectMistake("protocol = \"http1\"\nupstream = \"db\"\n",
                "listener[0].upstream: needs protocol auto or tcp");
}

TEST_F(TcpPlanTest, RulesDecideInOrder) {
  const auto made = plan(R"(
[[listener.tls_rule]]
server_names = ["db.test", "*.db.test"]
alpn = ["postgresql"]
action = "passthrough"
upstream = "mail"
[[listener.tls_rule]]
action = "refuse"
)");
  ASSERT_NE(made, nullptr) << diagnostics;
  const proxy::ListenerPlan& listener = *made->listeners[0];
  EXPECT_TRUE(listener.peeks());
  EXPECT_TRUE(listener.tells_server);
  ASSERT_EQ(listener.tls_rules.size(), 2U);
  const proxy::TlsRule& rule = listener.tls_rules[0];
  EXPECT_EQ(rule.action, Action::kPassthrough);
  EXPECT_EQ(rule.upstream, names.intern("mail"));
  const auto matches = [&](std::string name, std::string protocols) {
    return rule.matches({std::move(name), std::move(protocols)});
  };
  EXPECT_TRUE(matches("db.test", "\x0Apostgresql"));
  EXPECT_TRUE(matches("a.db.test", "\x02h2\x0Apostgresql"));
  EXPECT_FALSE(matches("a.db.test", "\x02h2"));
  EXPECT_FALSE(matches("test", "\x0Apostgresql"));
  EXPECT_FALSE(matches("", "\x0Apostgresql"));
  EXPECT_TRUE(listener.tls_rules[1].matches({}));
}

TEST_F(TcpPlanTest, RulesAloneMayBeAListener) {
  const auto made =
      plan("protocol = \"tcp\"\ntls_rule = [{ action = \"passthrough\", upstream = \"db\" }]\n");
  ASSERT_NE(made, nullptr) << diagnostics;
  ASSERT_EQ(made->listeners[0]->tls_rules.size(), 1U);
  EXPECT_EQ(made->listeners[0]->tls_rules[0].upstream, names.intern("db"));
}

TEST_F(TcpPlanTest, RulesAreChecked) {
  expectMistake("tls_rule = [{ action = \"passthrough\" }]\n", "passthrough needs an upstream");
  expectMistake("tls_rule = [{ action = \"refuse\", upstream = \"db\" }]\n",
                "needs the action passthrough");
  expectMistake("tls_rule = [{ action = \"terminate\" }]\n",
                "listener[0].tls_rule[0].action: terminate needs tls on the listener");
  expectMistake("tls_rule = [{ action = \"passthrough\", upstream = \"x\" }]\n",
                "listener[0].tls_rule[0].upstream: unknown upstream \"x\"");
  expectMistake("tls_rule = [{ action = \"refuse\", alpn = [\"\"] }]\n",
                "must have 1 to 255 bytes");
  expectMistake("tls_rule = [{ action = \"refuse\", server_names = [\"a.*\"] }]\n", "server_names");
}

TEST_F(TcpPlanTest, RoutesShareConnectionsThatNameNobody) {
  constexpr std::string_view kListener = "protocol = \"tcp\"\nupstream = \"mail\"\n";
  const std::string_view what = "carry the address of one client by proxy_protocol";
  expectMistake(kListener, what, "[[route]]\nname = \"a\"\nupstream = \"mail\"\n");
  expectMistake(kListener, what,
                "[[route]]\nname = \"a\"\nsplit = [{ upstream = \"mail\", weight = 1 }]\n");
  expectMistake(kListener, what,
                "[[route]]\nname = \"a\"\nupstream = \"db\"\nmirror = [\"mail\"]\n");
  EXPECT_NE(plan(kListener, "[[route]]\nname = \"a\"\nupstream = \"db\"\n"), nullptr)
      << diagnostics;
}

}  // namespace
}  // namespace weir::server
