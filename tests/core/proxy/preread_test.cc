#include "core/proxy/preread.h"

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kHeader = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n";

class PreambleTest : public ProxyTest {
 protected:
  PreambleTest() {
    listener_plan.proxy_protocol = ProxyProtocol::kRequired;
    listener_plan.proxy_protocol_from = {*IpRange::parse("10.1.0.0/16")};
  }
  StreamPeer& fromBalancer() { return connect("10.1.2.3:5000"); }
  std::uint64_t counted(ProxyProtocolResult result) {
    return count(proxyProtocolHeadersKey(id(listener_plan.name), result));
  }
};

TEST_F(PreambleTest, NamesTheClient) {
  startForwarding();
  StreamPeer& client = fromBalancer();
  client.send(std::string(kHeader) + std::string(kGet));
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(logged().client, "192.0.2.7");
  EXPECT_THAT(seenBy(0), HasSubstr("x-forwarded-for: 192.0.2.7\r\n"));
  client.send(kGet);
  turn();
  EXPECT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(counted(ProxyProtocolResult::kVersion1), 1U);
}

TEST_F(PreambleTest, ComesInPieces) {
  startForwarding();
  StreamPeer& client = fromBalancer();
  for (const char& byte : std::string(kHeader) + std::string(kGet)) {
    client.send({&byte, 1});
    turn();
  }
  EXPECT_EQ(logged().client, "192.0.2.7");
}

TEST_F(PreambleTest, ManyRequestsMayFollowInOnePiece) {
  startForwarding();
  StreamPeer& client = fromBalancer();
  std::string text(kHeader);
  for (int i = 0; i < 100; ++i) text += kGet;
  client.send(text);
  pass(Milliseconds(100));
  EXPECT_EQ(log.lines.size(), 100U);
}

TEST_F(PreambleTest, WithoutAClientThePeerIsIt) {
  startForwarding();
  StreamPeer& client = fromBalancer();
  client.send("PROXY UNKNOWN\r\n" + std::string(kGet));
  turn();
  EXPECT_EQ(logged().client, "10.1.2.3");
}

TEST_F(PreambleTest, IsBelievedFromTrustedPeersOnly) {
  startForwarding();
  StreamPeer& client = connect("10.2.0.1:5000");
  client.send(std::string(kHeader) + std::string(kGet));
  turn();
  EXPECT_TRUE(client.ended() || client.broken());
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_EQ(counted(ProxyProtocolResult::kUntrusted), 1U);
  EXPECT_EQ(listener_count.value(), 0U);
}

TEST_F(PreambleTest, OfOthersIsNoRequestWhenItIsOptional) {
  listener_plan.proxy_protocol = ProxyProtocol::kOptional;
  startForwarding();
  StreamPeer& forger = connect("10.2.0.1:5000");
  forger.send(std::string(kHeader) + std::string(kGet));
  StreamPeer& client = connect("10.2.0.1:5001");
  client.send(kGet);
  turn();
  EXPECT_THAT(forger.received(), HasSubstr("400 Bad Request"));
  EXPECT_THAT(client.received(), HasSubstr("hello"));
}

TEST_F(PreambleTest, MayBeAbsentWhenItIsOptional) {
  listener_plan.proxy_protocol = ProxyProtocol::kOptional;
  startForwarding();
  StreamPeer& client = fromBalancer();
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(logged().client, "10.1.2.3");
  EXPECT_EQ(counted(ProxyProtocolResult::kAbsent), 1U);
}

TEST_F(PreambleTest, SilenceIsNoHeaderWhenItIsOptional) {
  listener_plan.proxy_protocol = ProxyProtocol::kOptional;
  startForwarding();
  StreamPeer& client = fromBalancer();
  pass(Milliseconds(5'200));
  EXPECT_FALSE(client.ended());
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
}

struct BadEnd {
  std::string_view name;
  std::string_view text;
  ProxyProtocolResult result;
};
class BadPreambleTest : public PreambleTest, public ::testing::WithParamInterface<BadEnd> {};

TEST_P(BadPreambleTest, IsClosedAndCounted) {
  startForwarding();
  StreamPeer& client = fromBalancer();
  client.send(GetParam().text);
  turn();
  if (GetParam().result == ProxyProtocolResult::kClosed) client.end();
  pass(Milliseconds(5'200));
  EXPECT_TRUE(client.ended());
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_EQ(counted(GetParam().result), 1U);
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(listener_count.value(), 0U);
  EXPECT_EQ(process_count.value(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Preread, BadPreambleTest,
    ::testing::Values(BadEnd{"Missing", kGet, ProxyProtocolResult::kMissing},
                      BadEnd{"Broken", "PROXY TCP9\r\n", ProxyProtocolResult::kBroken},
                      BadEnd{"Slow", "PROXY TCP4 ", ProxyProtocolResult::kTimeout},
                      BadEnd{"Silent", "", ProxyProtocolResult::kTimeout},
                      BadEnd{"Closed", "PROXY", ProxyProtocolResult::kClosed}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST_F(PreambleTest, EndsWithTheGate) {
  startForwarding();
  StreamPeer& client = fromBalancer();
  EXPECT_EQ(listener->connections(), 1U);
  listener->closeAll();
  turn();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->connections(), 0U);
}

// The records of a ClientHello with this name, without unnecessary fields.
std::string helloFor(const std::string& name) {
  const auto sized = [](std::size_t bytes, const std::string& text) {
    std::string length(bytes, '\0');
    length[bytes - 1] = static_cast<char>(text.size());
    return length + text;
  };
  const std::string entry = std::string(1, '\0') + sized(2, name);
  const std::string extension = std::string(2, '\0') + sized(2, sized(2, entry));
  const std::string body = "\x03\x03" + std::string(32, 'r') + std::string(1, '\0') +
                           sized(2, "\x13\x01") + sized(1, std::string(1, '\0')) +
                           sized(2, extension);
  return "\x16\x03\x01" + sized(2, "\x01" + sized(3, body));
}

class HelloTest : public ProxyTest {
 protected:
  HelloTest() {
    on_upstream = nullptr;
    TlsRule pass;
    pass.server_names = {*route::HostPattern::parse("*.db.test")};
    pass.action = TlsRule::Action::kPassthrough;
    pass.upstream = id("shadow");
    listener_plan.tls_rules = {pass};
  }
  std::uint64_t handshakes(net::Handshake result) {
    return count(tls::handshakesKey(id(listener_plan.name), {.result = result}));
  }
  const std::string wanted = helloFor("one.db.test");
};

TEST_F(HelloTest, IsToldToTheUpstreamWhole) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(wanted + "more");
  turn();
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(arrivals[0].to.text(), "10.0.9.1:80");
  EXPECT_EQ(seenBy(0), wanted + "more");
  arrival(0).send("server hello");
  turn();
  EXPECT_EQ(client.received(), "server hello");
}

TEST_F(HelloTest, ComesInPieces) {
  startForwarding();
  StreamPeer& client = connect();
  for (const char& byte : wanted) {
    EXPECT_EQ(arrivals.size(), 0U);
    client.send({&byte, 1});
    turn();
  }
  EXPECT_EQ(seenBy(0), wanted);
}

TEST_F(HelloTest, FollowsTheHeaderOfTheProxyProtocol) {
  listener_plan.proxy_protocol = ProxyProtocol::kRequired;
  listener_plan.proxy_protocol_from = {*IpRange::parse("10.1.0.0/16")};
  startForwarding();
  StreamPeer& client = connect("10.1.2.3:5000");
  for (const std::string& piece : {std::string(kHeader) + wanted.substr(0, 9), wanted.substr(9)}) {
    client.send(piece);
    turn();
  }
  EXPECT_EQ(seenBy(0), wanted);
  client.close();
  arrival(0).close();
  turn();
  EXPECT_EQ(logged().client, "192.0.2.7");
}

TEST_F(HelloTest, OfAnotherNameIsRefused) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(helloFor("other.test"));
  turn();
  EXPECT_EQ(client.received(), std::string("\x15\x03\x03\x00\x02\x02\x70", 7));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(handshakes(net::Handshake::kUnknownName), 1U);
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(logged().reason, Reason::kTlsHandshakeFailed);
  EXPECT_EQ(logged().status, 0);
}

TEST_F(HelloTest, MayBeNone) {
  on_upstream = answering(reply("hello"));
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
}

TEST_F(HelloTest, SilenceIsNoTls) {
  on_upstream = answering(reply("hello"));
  startForwarding();
  StreamPeer& client = connect();
  pass(Milliseconds(10'100));
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
}

TEST_F(HelloTest, MustNotTakeForEver) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(wanted.substr(0, 20));
  pass(Milliseconds(10'100));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(handshakes(net::Handshake::kTimeout), 1U);
}

TEST_F(HelloTest, ThatIsBrokenIsClosed) {
  startForwarding();
  StreamPeer& broken = connect();
  broken.send(std::string("\x16\x03\x01\x00\x00", 5));
  StreamPeer& gone = connect();
  gone.send(wanted.substr(0, 20));
  turn();
  gone.close();
  turn();
  EXPECT_TRUE(broken.ended());
  EXPECT_EQ(handshakes(net::Handshake::kProtocol), 1U);
  EXPECT_EQ(handshakes(net::Handshake::kClosed), 1U);
  EXPECT_EQ(log.lines.size(), 1U);  // for the malformed one
  EXPECT_EQ(listener->connections(), 0U);
}

}  // namespace
}  // namespace weir::proxy
