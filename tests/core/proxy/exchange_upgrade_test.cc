#include "core/tls/digest.h"
#include "tests/core/proxy/fixture.h"
#include "tests/support/http2_peer.h"

// Upgrades (RFC 9110, 7.8; RFC 8441): routes and filters do not see the data in a tunnel, so a
// client only gets the upgrades that its route allows.
namespace weir::proxy {
namespace {

using test::Http2Answer;
using test::Http2Peer;
using test::StreamPeer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The route for docker and kubectl.
constexpr std::string_view kExecRoute =
    "[[route]]\nname = \"all\"\nupstream = \"orders\"\nupgrades = [\"tcp\", \"SPDY/3.1\"]\n";
// The example of RFC 6455, 1.3.
constexpr std::string_view kAccept = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

std::string switched(std::string_view protocol, std::string_view fields = {}) {
  return "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: " +
         std::string(protocol) + "\r\n" + std::string(fields) + "\r\n";
}

class UpgradeTest : public ProxyTest {
 protected:
  // A request with that Upgrade, on a new connection.
  std::string upgrade(std::string_view protocols, std::string_view fields = {}) {
    return ask("GET /x HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: " +
               std::string(protocols) + "\r\n" + std::string(fields) + "\r\n");
  }

  // An extended CONNECT, on a new connection.
  const Http2Answer& extendedConnect(std::string_view protocol, std::string_view field = "x-a",
                                     std::string_view value = "1") {
    client_ = &connect();
    peer_.emplace();
    client_->send(Http2Peer::greeting());
    client_->send(Http2Peer::head(1,
                                  {{":method", "CONNECT"},
                                   {":protocol", protocol},
                                   {":scheme", "http"},
                                   {":path", "/x"},
                                   {":authority", "shop.test"},
                                   {field, value}},
                                  false));
    return answered();
  }
  const Http2Answer& answered() {
    turn();
    peer_->feed(client_->takeReceived());
    return peer_->answer(1);
  }

  // Answers a WebSocket handshake with the value derived from its key, or with another one.
  static Script shakingHands(std::string_view accept = {}) {
    return [accept = std::string(accept)](StreamPeer& peer) {
      const std::string& seen = peer.received();
      if (!seen.ends_with("\r\n\r\n")) return;
      if (!accept.empty()) return peer.send(switched("websocket", accept));
      BlockPool blocks(4096);
      Arena arena(blocks);
      const std::size_t at = seen.find("sec-websocket-key: ") + 19;
      const std::string_view key = std::string_view(seen).substr(at, seen.find('\r', at) - at);
      const std::string_view good =
          tls::sha1Base64(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", arena);
      peer.send(switched("websocket", "sec-websocket-accept: " + std::string(good) + "\r\n"));
    };
  }

  StreamPeer* client_ = nullptr;
  std::optional<Http2Peer> peer_;
};

TEST_F(UpgradeTest, WebSocketAloneIsAllowedByDefault) {
  startForwarding();
  for (const std::string_view other :
       {"tcp", "SPDY/3.1", "TLS/1.0", "h2c", "H2C", "h2", "HTTP/2.0", "http/2.0", "HTTP/1.1",
        "connect-udp", "websocket/13", "websocketx", "web socket", "h2c, TLS/1.0", ","}) {
    EXPECT_THAT(upgrade(other), EndsWith("hello")) << other;
    EXPECT_THAT(seenBy(arrivals.size() - 1), Not(HasSubstr("pgrade"))) << other;
  }
  on_upstream = answering(switched("websocket"));
  EXPECT_THAT(upgrade("WebSocket"), StartsWith("HTTP/1.1 101 "));
}

TEST_F(UpgradeTest, OfAListTheFirstThatIsAllowedIsAskedFor) {
  start(kExecRoute);
  on_upstream = nullptr;
  for (const std::string_view list :
       {"h2c, SPDY/3.1, tcp", "HTTP/2.0,spdy/3.1", ", foo/1 ,  SPDY/3.1  ,h2c",
        "foo\r\nUpgrade: websocket, h2c\r\nUpgrade: SPDY/3.1"}) {
    upgrade(list);
    const std::string& seen = seenBy(arrivals.size() - 1);
    EXPECT_THAT(seen, testing::ContainsRegex("\r\nupgrade: (SPDY|spdy)/3.1\r\n")) << list;
    EXPECT_THAT(seen, Not(HasSubstr("h2c"))) << list;
    EXPECT_THAT(seen, Not(HasSubstr("foo"))) << list;
  }
}

TEST_F(UpgradeTest, AnEmptyListAllowsNone) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nupgrades = []\n");
  EXPECT_THAT(upgrade("websocket"), EndsWith("hello"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("upgrade")));
}

TEST_F(UpgradeTest, TheSettingsOfHttp2GoNoFurther) {
  startForwarding();
  upgrade("h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n");
  EXPECT_THAT(seenBy(0), Not(HasSubstr("ettings")));
}

TEST_F(UpgradeTest, ABodyGoesAheadOfTheTunnel) {
  start(kExecRoute);
  on_upstream = [](StreamPeer& peer) {
    if (peer.received().ends_with("{\"Tty\":true}")) peer.send(switched("tcp") + "out");
  };
  StreamPeer& client = connect();
  client.send(
      "POST /attach HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
      "Content-Length: 12\r\n\r\n{\"Tty\":");
  turn();
  client.send("true}in");
  turn();
  EXPECT_THAT(client.takeReceived(), EndsWith("upgrade: tcp\r\n\r\nout"));
  EXPECT_THAT(seenBy(0), HasSubstr("\r\ncontent-length: 12\r\n"));
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n{\"Tty\":true}in"));
  on_upstream = nullptr;
  client.send("more");
  client.end();
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("inmore"));
  EXPECT_TRUE(arrival(0).ended());
  arrival(0).send("last");
  arrival(0).end();
  turn();
  EXPECT_EQ(client.received(), "last");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(logged().request_bytes, 18U);
}

TEST_F(UpgradeTest, AChunkedBodyGoesAheadOfTheTunnel) {
  start(kExecRoute);
  on_upstream = [](StreamPeer& peer) {
    if (peer.received().ends_with("\r\n0\r\n\r\n")) peer.send(switched("tcp"));
  };
  StreamPeer& client = connect();
  client.send(
      "POST /attach HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n5\r\n");
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(seenBy(0), EndsWith("2\r\nhi\r\n0\r\n\r\n5\r\n"));  // the last line: in the tunnel
}

TEST_F(UpgradeTest, ABodyThatIsDeclinedIsARequestLikeAnyOther) {
  start(kExecRoute);
  on_upstream = [](StreamPeer& peer) {
    if (peer.received().ends_with("body")) peer.send(reply("no"));
  };
  StreamPeer& client = connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
      "Content-Length: 4\r\n\r\nbody");
  turn();
  EXPECT_THAT(client.takeReceived(), EndsWith("no"));
  on_upstream = answering(reply("next"));
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), EndsWith("next"));
}

TEST_F(UpgradeTest, AWebSocketsHandshakeHasNoBody) {
  startForwarding();
  on_upstream = [](StreamPeer& peer) {
    if (peer.received().ends_with("hi")) peer.send(reply("no"));
  };
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\n"
                  "Upgrade: websocket\r\nContent-Length: 2\r\n\r\nhi"),
              EndsWith("no"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("upgrade")));
  on_upstream = answering(reply("no"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\n"
                  "Upgrade: websocket\r\n\r\n"),
              EndsWith("no"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("upgrade")));
}

TEST_F(UpgradeTest, ATunnelAmidTheBodyIsRefused) {
  start(kExecRoute);
  on_upstream = answering(switched("tcp"));
  EXPECT_THAT(upgrade("tcp", "Content-Length: 4\r\n"),
              isLocalReply(502, "upstream_protocol_error"));
}

TEST_F(UpgradeTest, A426SaysWhatItWants) {
  startForwarding();
  on_upstream = answering(
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, websocket\r\nConnection: Upgrade\r\n"
      "Content-Length: 0\r\n\r\n");
  const std::string answer = upgrade("foo");
  EXPECT_THAT(answer, HasSubstr("\r\nconnection: upgrade\r\nupgrade: TLS/1.2, websocket\r\n"));
}

TEST_F(UpgradeTest, AnExtendedConnectForAnythingElseIsRefused) {
  startForwarding();
  for (const std::string_view other :
       {"h2c", "H2C", "h2", "HTTP/2.0", "TLS/1.0", "tcp", "websocket, h2c"}) {
    const Http2Answer& answer =
        extendedConnect(other, "http2-settings", "AAMAAABkAARAAAAAAAIAAAAA");
    EXPECT_EQ(answer.status, 501) << other;
    EXPECT_TRUE(arrivals.empty()) << other;
  }
}

TEST_F(UpgradeTest, AnExtendedConnectPassesTheRoutesAndFilters) {
  start(
      "[[route]]\nname = \"admin\"\nmatch = { path_prefix = \"/x\" }\nrespond = { status = 403 }\n"
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\n");
  EXPECT_EQ(extendedConnect("websocket").status, 403);
  EXPECT_TRUE(arrivals.empty());
}

TEST_F(UpgradeTest, AnExtendedConnectOpensATunnel) {
  startForwarding();
  on_upstream = shakingHands();
  const Http2Answer& answer = extendedConnect("websocket", "http2-settings", "AAMA");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("sec-websocket-accept"), "");
  EXPECT_FALSE(answer.ended);
  EXPECT_THAT(seenBy(0), Not(HasSubstr("http2-settings")));
  client_->send(Http2Peer::data(1, "ping"));
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("ping"));
}

TEST_F(UpgradeTest, TheKeyOfAnHttp2ClientIsOurs) {
  startForwarding();
  on_upstream = shakingHands();
  EXPECT_EQ(extendedConnect("websocket", "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").status,
            200);
  EXPECT_THAT(seenBy(0), Not(HasSubstr("dGhlIHNhbXBsZSBub25jZQ==")));
}

TEST_F(UpgradeTest, AnUpstreamThatDoesNotKnowTheKeyHasNotAgreed) {
  startForwarding();
  for (const std::string_view accept : {kAccept, std::string_view("x-a: 1\r\n")}) {
    on_upstream = shakingHands(accept);
    EXPECT_EQ(extendedConnect("websocket").status, 502) << accept;
    EXPECT_EQ(logged().reason, Reason::kUpstreamProtocolError);
    EXPECT_TRUE(arrivals.back().peer->ended());
  }
}

TEST_F(UpgradeTest, NoAnswerButATunnelSaysOpen) {
  startForwarding();
  on_upstream = answering(reply("a page"));
  EXPECT_EQ(extendedConnect("websocket").status, 502);
  EXPECT_EQ(logged().reason, Reason::kUpstreamProtocolError);
}

TEST_F(UpgradeTest, ARefusalIsPassedOn) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
  const Http2Answer& answer = extendedConnect("websocket");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "no");
}

TEST_F(UpgradeTest, NoAnswerOfOursSaysOpen) {
  start("[[route]]\nname = \"all\"\nrespond.body = \"a page\"\n");
  EXPECT_EQ(extendedConnect("websocket").status, 501);
}

TEST_F(UpgradeTest, AFailureOfATunnelIsNotToldAsACallsStatus) {
  start("[[route]]\nname = \"all\"\nupstream = \"empty\"\n");
  EXPECT_EQ(extendedConnect("websocket", "content-type", "application/grpc").status, 503);
}

}  // namespace
}  // namespace weir::proxy
