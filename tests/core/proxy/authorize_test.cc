#include "core/authz/metrics.h"
#include "core/authz/rule.h"
#include "core/config/settings.h"
#include "tests/core/proxy/fixture.h"
#include "tests/support/http2_peer.h"

// Policies of [[authorize]]: at the beginning, and when they change under open connections.
namespace weir::proxy {
namespace {

using authz::Action;
using authz::Mode;
using test::Http2Peer;
using test::StreamPeer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct RuleTables {
  std::vector<authz::Rule> rules;
  static void read(config::Table& table, RuleTables& out) {
    table.read("authorize", out.rules, "Policies.");
  }
};

class AuthorizeTest : public ProxyTest {
 protected:
  // The next plan has these policies, the elements of an array of TOML.
  void setPolicies(const std::string& rules) {
    config::Diagnostics diagnostics;
    RuleTables tables;
    auto document =
        config::Document::parse("authorize = [" + rules + "]", "rules.toml", diagnostics);
    config::readSettings(document, extensions, tables, diagnostics);
    ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
    std::vector<authz::Policy> policies;
    for (authz::Rule& rule : tables.rules) {
      policies.push_back(std::move(rule.policy));
      policies.back().id = names.intern(policies.back().name);
    }
    listener_plan.authorize =
        policies.empty() ? nullptr : std::make_shared<const authz::PolicySet>(std::move(policies));
  }
  void change(const std::string& rules) {
    setPolicies(rules);
    startForwarding();
    pass(Milliseconds(300));
  }
  void forwardBytes() {
    on_upstream = nullptr;
    listener_plan.tcp = true;
    listener_plan.upstream = id("orders");
  }
  std::uint64_t decisions(std::string_view policy, Action action, Mode mode = Mode::kEnforce) {
    const NameId named = policy.empty() ? 0 : names.intern(policy);
    return count(authz::decisionsKey(named, action, mode));
  }
  std::uint64_t revoked(RevokedKind kind) {
    return count(revokedKey(listener_plan.id, kind, Reason::kAuthzDenied));
  }
  StreamPeer& webSocket() {
    on_upstream = [](StreamPeer& peer) {
      if (!peer.received().starts_with("GET ")) return;
      peer.takeReceived();
      peer.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n");
    };
    StreamPeer& client = connect();
    client.send(
        "GET /chat HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    turn();
    EXPECT_THAT(client.takeReceived(), StartsWith("HTTP/1.1 101 "));
    return client;
  }
  static constexpr std::string_view kTunnels =
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\nupgrades = [\"tcp\"]\n";
};

TEST_F(AuthorizeTest, RequestsAreJudgedBeforeTheirRouteIsLookedUp) {
  setPolicies("{ name = 'no-admin', action = 'deny', to = { paths = ['/admin/**'] } }");
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmatch = { path_prefix = \"/shop\" }\n");
  EXPECT_THAT(get("/admin"), isLocalReply(403, "authz_denied"));
  EXPECT_THAT(get("/admin"), HasSubstr("denied by the policy no-admin"));
  EXPECT_THAT(get("/shop"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(decisions("no-admin", Action::kDeny), 2U);
  EXPECT_EQ(decisions("", Action::kAllow), 1U);
}

TEST_F(AuthorizeTest, AConnectionIsJudgedBeforeAByteReachesTheUpstream) {
  forwardBytes();
  setPolicies("{ name = 'inside', action = 'allow', from = { addresses = ['10.0.0.0/8'] } }");
  startForwarding();
  StreamPeer& stranger = connect("203.0.113.7:5000");
  stranger.send("question");
  turn();
  EXPECT_TRUE(stranger.broken());
  EXPECT_TRUE(arrivals.empty());
  EXPECT_EQ(logged().reason, Reason::kAuthzDenied);
  EXPECT_EQ(logged().detail, "no policy allows the connection");
  EXPECT_EQ(decisions("", Action::kDeny), 1U);
  StreamPeer& friendly = connect("10.1.2.3:5000");
  friendly.send("question");
  turn();
  EXPECT_EQ(seenBy(0), "question");
  EXPECT_EQ(decisions("inside", Action::kAllow), 1U);
}

// A deny about paths cannot be examined without HTTP; an allow about them does not help.
TEST_F(AuthorizeTest, BytesAreDeniedInDoubt) {
  forwardBytes();
  setPolicies("{ name = 'admin', action = 'deny', to = { paths = ['/admin'] } }");
  startForwarding();
  StreamPeer& client = connect();
  turn();
  EXPECT_TRUE(client.broken());
  EXPECT_EQ(logged().reason, Reason::kAuthzDenied);
}

TEST_F(AuthorizeTest, ShadowPoliciesAreLogged) {
  forwardBytes();
  setPolicies("{ name = 'none', action = 'deny', mode = 'shadow' }");
  startForwarding();
  StreamPeer& client = connect();
  client.send("question");
  turn();
  EXPECT_EQ(seenBy(0), "question");
  EXPECT_EQ(decisions("none", Action::kDeny, Mode::kShadow), 1U);
  client.end();
  arrival(0).end();
  pass(Milliseconds(100));
  EXPECT_EQ(logged().shadow, "deny none");
}

// The upstream must not hear of a client that is not admitted, even if it would speak first.
TEST_F(AuthorizeTest, NothingIsDialedAheadForAClientThatIsDenied) {
  on_upstream = nullptr;
  listener_plan.upstream = id("orders");
  setPolicies("{ name = 'http', action = 'deny', to = { not_methods = ['GET'] } }");
  startForwarding();
  StreamPeer& silent = connect();
  pass(Milliseconds(200));
  EXPECT_TRUE(arrivals.empty());
  silent.send("\x16 not HTTP");
  turn();
  EXPECT_TRUE(silent.broken());
  on_upstream = answering(reply("hello"));
  EXPECT_THAT(get("/"), StartsWith("HTTP/1.1 200 "));  // HTTP is judged by its requests
}

TEST_F(AuthorizeTest, AnOpenTunnelEndsWhenPoliciesDenyIt) {
  forwardBytes();
  startForwarding();
  StreamPeer& client = connect();
  client.send("question");
  turn();
  change("{ name = 'other', action = 'deny', from = { addresses = ['10.0.0.0/8'] } }");
  EXPECT_FALSE(client.broken());
  EXPECT_EQ(decisions("", Action::kAllow), 0U);  // only what it changes is counted
  change("{ name = 'none', action = 'deny' }");
  EXPECT_TRUE(client.broken());
  EXPECT_TRUE(arrival(0).broken());
  EXPECT_EQ(logged().reason, Reason::kAuthzDenied);
  EXPECT_EQ(logged().detail, "denied by the policy none");
  EXPECT_EQ(revoked(RevokedKind::kConnection), 1U);
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(AuthorizeTest, AnOpenWebSocketEndsWhenPoliciesDenyIt) {
  start(kTunnels);
  StreamPeer& client = webSocket();
  setPolicies("{ name = 'no-chat', action = 'deny', to = { paths = ['/chat'] } }");
  start(kTunnels);
  pass(Milliseconds(100));
  EXPECT_TRUE(client.ended() || client.broken());
  EXPECT_EQ(revoked(RevokedKind::kStream), 1U);
  EXPECT_EQ(logged().reason, Reason::kAuthzDenied);
  EXPECT_EQ(logged().path, "/chat");
}

TEST_F(AuthorizeTest, OfTheStreamsOnlyThoseThatAreDeniedEnd) {
  on_upstream = nullptr;  // no response yet
  startForwarding();
  StreamPeer& client = connect();
  Http2Peer peer;
  client.send(Http2Peer::greeting());
  for (const std::uint8_t stream : {std::uint8_t{1}, std::uint8_t{3}}) {
    client.send(Http2Peer::head(stream, {{":method", "GET"},
                                         {":scheme", "http"},
                                         {":path", stream == 1 ? "/a" : "/b"},
                                         {":authority", "shop.test"}}));
  }
  turn();
  change("{ name = 'a', action = 'deny', to = { paths = ['/a'] } }");
  peer.feed(client.takeReceived());
  EXPECT_EQ(peer.answer(1).status, 403);
  EXPECT_EQ(peer.answer(3).status, 0);
  EXPECT_EQ(revoked(RevokedKind::kStream), 1U);
  EXPECT_EQ(revoked(RevokedKind::kConnection), 0U);
  EXPECT_EQ(listener->connections(), 1U);
}

// Neither its requests nor later ones can be allowed: the client gets a GOAWAY and a moment.
TEST_F(AuthorizeTest, AConnectionWithoutAnyUseEnds) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(Http2Peer::greeting());
  turn();
  change("{ name = 'web', action = 'allow', from = { namespaces = ['shop'] } }");
  EXPECT_EQ(listener->connections(), 1U);
  EXPECT_EQ(revoked(RevokedKind::kConnection), 1U);
  pass(Milliseconds(800));
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(
      count(connectionsClosedKey(listener_plan.id, TransportProtocol::kTcp, Reason::kAuthzDenied)),
      1U);
}

TEST_F(AuthorizeTest, AnIdleConnectionOfHttp1EndsAtOnce) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  change("{ name = 'web', action = 'allow', from = { namespaces = ['shop'] } }");
  EXPECT_TRUE(client.ended() || client.broken());
  EXPECT_EQ(listener->connections(), 0U);
}

// More connections than one turn examines.
TEST_F(AuthorizeTest, AllConnectionsAreExamined) {
  constexpr std::size_t kMany = 2'500;
  options.max_connections = kMany;
  forwardBytes();
  startForwarding();
  for (std::size_t i = 0; i < kMany; ++i) connect();
  turn();
  EXPECT_EQ(listener->connections(), kMany);
  setPolicies("{ name = 'none', action = 'deny' }");
  startForwarding();
  // Each turn examines at least a few, however slow the machine is.
  for (std::size_t turns = 0; turns < kMany && listener->connections() > 0; ++turns) {
    pass(Milliseconds(10));
  }
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(revoked(RevokedKind::kConnection), kMany);
}

}  // namespace
}  // namespace weir::proxy
