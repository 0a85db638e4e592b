#include "core/proxy/interception.h"

#include "core/proxy/destinations.h"
#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::MemoryConnector;
using test::StreamPeer;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Protocol = Destinations::Protocol;

constexpr std::string_view kRoutes = R"(
[[route]]
name = "all"
hosts = ["orders"]
upstream = "orders"
[[route]]
name = "shadow"
hosts = ["shadow"]
upstream = "shadow"
)";
constexpr std::string_view kCatchAll = R"(
[[route]]
name = "rest"
upstream = "passthrough"
)";

net::Address addressAt(std::string_view text) { return net::Address::parse(text).value(); }

// A transparent listener; what belongs to no upstream may pass through to 192.0.2.0/24.
class InterceptionTest : public ProxyTest {
 protected:
  InterceptionTest() {
    on_upstream = nullptr;
    listener_plan.transparent = {true, OriginalUse::kEndpoint};
    listener_plan.tcp_idle_timeout = Milliseconds(60'000);
    defaults.retry.attempts = 1;
    defaults.retry.failures.set(static_cast<std::size_t>(route::RetryOn::kConnectFailure));
    clusters["passthrough"] = std::vector<std::string>();
    originals["passthrough"].allow = {IpRange::parse("192.0.2.0/24").value()};
    virtual_addresses = {{"10.96.0.10", "shadow"}, {"10.96.0.10:81", "orders"}};
  }
  void passThrough() { listener_plan.upstream = id("passthrough"); }
  void begin() { start(std::string(kRoutes) + std::string(kCatchAll)); }
  StreamPeer& open(std::string_view destination) {
    StreamPeer& client = connectTo(destination);
    turn();
    return client;
  }
  std::uint64_t intercepted(Resolution resolution) {
    return count(interceptedKey(InterceptedDirection::kOutbound, resolution));
  }
  Protocol known(std::string_view destination) {
    return engine->destinations().protocolOf(addressAt(destination), loop.now());
  }
  std::string connectedTo(std::size_t index) { return arrivals.at(index).to.text(); }
};

TEST_F(InterceptionTest, ADestinationThatIsAnEndpointIsDialledAtOnce) {
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(connectedTo(0), "10.0.0.2:80");
  arrival(0).send("220 ready\r\n");
  turn();
  EXPECT_EQ(client.received(), "220 ready\r\n");
  client.send("EHLO");
  turn();
  EXPECT_EQ(seenBy(0), "EHLO");
  client.end();
  arrival(0).end();
  turn();
  EXPECT_EQ(logged().destination, "10.0.0.2:80");
  EXPECT_EQ(logged().upstream, "orders");
  EXPECT_EQ(count(protocolDetectKey(listener_plan.id, Detection::kTcpServerFirst)), 1U);
}

TEST_F(InterceptionTest, TheBalancerMayChooseInstead) {
  listener_plan.transparent.original = OriginalUse::kBalance;
  begin();
  open("10.0.0.2:80");
  EXPECT_EQ(connectedTo(0), "10.0.0.1:80");
}

TEST_F(InterceptionTest, AnotherEndpointIsNoSubstituteForBytes) {
  connector.setOutcome(addressAt("10.0.0.2:80"), MemoryConnector::Outcome::kRefuses);
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  client.send("\x01");
  turn();
  EXPECT_TRUE(client.broken());
  EXPECT_TRUE(arrivals.empty());
}

TEST_F(InterceptionTest, AnotherEndpointIsASubstituteForRequests) {
  on_upstream = answering(reply("hello"));
  connector.setOutcome(addressAt("10.0.0.2:80"), MemoryConnector::Outcome::kRefuses);
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  client.send(kGet);
  pass(Milliseconds(200));
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(connectedTo(0), "10.0.0.1:80");
}

TEST_F(InterceptionTest, TheDestinationDecidesAboutRequestsAndNotTheirHost) {
  on_upstream = answering(reply("hello"));
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  client.send("GET / HTTP/1.1\r\nHost: shadow\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(logged().upstream, "orders");
  EXPECT_EQ(logged().endpoint, "10.0.0.2:80");
  EXPECT_EQ(logged().destination, "10.0.0.2:80");
  EXPECT_THAT(seenBy(arrivals.size() - 1), HasSubstr("host: shadow"));
  EXPECT_EQ(intercepted(Resolution::kEndpoint), 0U);  // counted where connections are accepted
}

TEST_F(InterceptionTest, AVirtualAddressWithItsPortPrecedesOneForAllPorts) {
  begin();
  open("10.96.0.10:80");
  EXPECT_EQ(connectedTo(0), "10.0.9.1:80");
  open("10.96.0.10:81");
  EXPECT_EQ(connectedTo(1), "10.0.0.1:80");
}

TEST_F(InterceptionTest, TheHostDecidesAboutAnUnknownDestination) {
  on_upstream = answering(reply("hello"));
  begin();
  StreamPeer& client = open("198.51.100.1:80");
  EXPECT_TRUE(arrivals.empty());
  client.send("GET / HTTP/1.1\r\nHost: shadow\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(connectedTo(0), "10.0.9.1:80");
  EXPECT_EQ(intercepted(Resolution::kHost), 1U);
}

TEST_F(InterceptionTest, AnUnknownHostPassesThroughIfItsDestinationMay) {
  on_upstream = answering(reply("hello"));
  passThrough();
  begin();
  StreamPeer& client = open("192.0.2.7:8080");
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(logged().endpoint, "192.0.2.7:8080");
  StreamPeer& other = open("198.51.100.1:80");
  other.send(kGet);
  turn();
  EXPECT_THAT(other.received(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(other.received(), HasSubstr("destination_denied"));
}

TEST_F(InterceptionTest, BytesPassThroughIfTheirDestinationMay) {
  passThrough();
  begin();
  StreamPeer& client = open("192.0.2.7:6379");
  client.send("*1\r\n$4\r\nPING\r\n");
  turn();
  EXPECT_EQ(connectedTo(0), "192.0.2.7:6379");
  EXPECT_EQ(seenBy(0), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(intercepted(Resolution::kPassthrough), 1U);
  StreamPeer& other = open("198.51.100.1:6379");
  other.send("*1\r\n");
  turn();
  EXPECT_TRUE(other.broken());
  EXPECT_EQ(logged().reason, Reason::kDestinationDenied);
  EXPECT_EQ(intercepted(Resolution::kRefused), 1U);
}

TEST_F(InterceptionTest, WithoutAnUpstreamBytesAreRefused) {
  begin();
  StreamPeer& client = open("192.0.2.7:6379");
  client.send("*1\r\n");
  turn();
  EXPECT_TRUE(client.broken());
  EXPECT_EQ(logged().reason, Reason::kDestinationDenied);
  EXPECT_EQ(intercepted(Resolution::kRefused), 1U);
  EXPECT_EQ(intercepted(Resolution::kPassthrough), 0U);
}

TEST_F(InterceptionTest, Http2PassesThroughUnchanged) {
  passThrough();
  begin();
  StreamPeer& client = open("192.0.2.7:50051");
  client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  turn();
  EXPECT_EQ(seenBy(0), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

// A ClientHello for the name "shadow".
std::string helloForShadow() {
  using namespace std::string_literals;
  const std::string name = "\0\0\0\x0b\0\x09\0\0\x06shadow"s;
  const std::string body = "\x03\x03"s + std::string(32, 'r') + "\0\0\x02\x13\x01\x01\0"s + "\0"s +
                           std::string(1, static_cast<char>(name.size())) + name;
  const std::string message = "\x01\0\0"s + std::string(1, static_cast<char>(body.size())) + body;
  return "\x16\x03\x01\0"s + std::string(1, static_cast<char>(message.size())) + message;
}

TEST_F(InterceptionTest, TheServerNameDecidesAboutTlsToAnUnknownDestination) {
  passThrough();
  begin();
  StreamPeer& client = open("192.0.2.7:443");
  EXPECT_EQ(connectedTo(0), "192.0.2.7:443");
  const std::string hello = helloForShadow();
  client.send(hello.substr(0, 20));
  turn();
  EXPECT_EQ(arrivals.size(), 1U);
  client.send(hello.substr(20));
  turn();
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(connectedTo(1), "10.0.9.1:80");
  EXPECT_EQ(seenBy(1), hello);
  EXPECT_EQ(seenBy(0), "");
  EXPECT_EQ(intercepted(Resolution::kHost), 1U);
}

TEST_F(InterceptionTest, SilenceOfBothSidesEndsTheRace) {
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  client.send("GET");  // of another protocol
  pass(Milliseconds(9'900));
  EXPECT_EQ(seenBy(0), "");
  pass(Milliseconds(200));
  EXPECT_EQ(seenBy(0), "GET");
  EXPECT_EQ(known("10.0.0.2:80"), Protocol::kUnknown);
  client.send(" / HTTP/1.1\r\n\r\n");
  turn();
  EXPECT_EQ(seenBy(0), "GET / HTTP/1.1\r\n\r\n");
}

TEST_F(InterceptionTest, AnHttpDestinationIsNotDialledAheadOfNeedAgain) {
  on_upstream = answering(reply("hello"));
  begin();
  open("10.0.0.2:80").send(kGet);
  turn();
  EXPECT_EQ(known("10.0.0.2:80"), Protocol::kHttp);
  const std::size_t before = connector.attempts().size();
  open("10.0.0.2:80");
  EXPECT_EQ(connector.attempts().size(), before);
  pass(Milliseconds(50));
  EXPECT_EQ(connector.attempts().size(), before + 1);
}

TEST_F(InterceptionTest, AServerThatSpokeFirstIsExpectedToDoSoForAnHour) {
  begin();
  open("10.0.0.2:80");
  arrival(0).send("220 ready\r\n");
  turn();
  StreamPeer& client = open("10.0.0.2:80");
  client.send(kGet);
  turn();
  EXPECT_EQ(seenBy(1), kGet);
  loop.advance(Destinations::kKnownFor);
  EXPECT_EQ(known("10.0.0.2:80"), Protocol::kUnknown);
}

TEST_F(InterceptionTest, ATimeoutOfAnHttpServerIsNoGreeting) {
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  arrival(0).send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(known("10.0.0.2:80"), Protocol::kUnknown);
}

TEST_F(InterceptionTest, AServerOfHttp2MaySendItsSettingsFirst) {
  using namespace std::string_literals;
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  arrival(0).send("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"s);
  turn();
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(known("10.0.0.2:80"), Protocol::kHttp);
  client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  turn();
  EXPECT_EQ(count(protocolDetectKey(listener_plan.id, Detection::kHttp)), 1U);
}

TEST_F(InterceptionTest, AConnectionInReserveMayStillBecomeHttp) {
  on_upstream = answering(reply("hello"));
  begin();
  open("10.0.0.2:80").send(kGet);
  turn();
  StreamPeer& client = open("10.0.0.2:80");
  pass(Milliseconds(30'000));
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(count(protocolDetectKey(listener_plan.id, Detection::kHttp)), 2U);
}

TEST_F(InterceptionTest, AnEndOfTheServerIsPassedOn) {
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  arrival(0).end();
  turn();
  EXPECT_TRUE(client.ended());
  client.send("late");
  turn();
  EXPECT_EQ(seenBy(0), "late");
}

TEST_F(InterceptionTest, AResetOfTheServerIsPassedOn) {
  begin();
  StreamPeer& client = open("10.0.0.2:80");
  arrival(0).stream().abort();
  arrival(0).close();
  turn();
  EXPECT_TRUE(client.broken());
}

TEST_F(InterceptionTest, AnInboundListenerLeadsToTheApplicationAtTheSamePort) {
  on_upstream = answering(reply("hello"));
  listener_plan.transparent.original = OriginalUse::kRoutes;
  originals["passthrough"] = {true, {}, {80, 6379}};
  passThrough();
  start(kCatchAll);
  StreamPeer& client = open("10.0.0.2:80");
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("hello"));
  EXPECT_EQ(logged().endpoint, "127.0.0.1:80");
  open("[fd00::7]:6379").send("\x01");
  turn();
  EXPECT_EQ(arrivals.back().to.text(), "[::1]:6379");
  StreamPeer& other = open("10.0.0.2:22");
  other.send("\x01");
  turn();
  EXPECT_TRUE(other.broken());
}

TEST_F(InterceptionTest, OnlySoManyDestinationsAreKnown) {
  begin();
  Destinations& destinations = engine->destinations();
  for (std::uint32_t i = 0; i < Destinations::kMostKnown + 10; ++i) {
    const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
    const IpAddress ip = IpAddress::v4({10, 1, byte(8), byte(0)});
    destinations.learn(net::Address(ip, 80), Protocol::kHttp, loop.now());
  }
  EXPECT_EQ(destinations.known(), Destinations::kMostKnown);
}

TEST(VirtualAddresses, AreAnAddressWithOrWithoutItsPort) {
  using upstream::parseVirtualAddress;
  EXPECT_EQ(parseVirtualAddress("10.0.0.1")->port(), 0);
  EXPECT_EQ(parseVirtualAddress("[fd00::1]:80")->text(), "[fd00::1]:80");
  EXPECT_EQ(parseVirtualAddress("fd00::1")->text(), "[fd00::1]:0");
  for (const std::string_view wrong : {"", "orders", "orders:80", "10.0.0.1:0", "unix:/a"}) {
    EXPECT_FALSE(parseVirtualAddress(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace weir::proxy
