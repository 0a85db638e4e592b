#include "tests/core/proxy/fixture.h"

// Fields other than those of the body: methods, hops, dates, and the origin of a request.
namespace weir::proxy {
namespace {

using test::StreamPeer;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ExchangeHead : public ProxyTest {
 protected:
  std::string askFor(std::string_view method, std::string_view fields = {}) {
    return ask(std::string(method) + " /x HTTP/1.1\r\nHost: shop.test\r\n" + std::string(fields) +
               "\r\n");
  }
  void trustEverybody() { listener_plan.trusted_proxies = {*IpRange::parse("0.0.0.0/0")}; }
};

TEST_F(ExchangeHead, AnyMethodPassesAndIsMatched) {
  start(
      "[[route]]\nname = \"ban\"\nmatch = { methods = [\"BAN\", \"VERSION-CONTROL\"] }\n"
      "respond.status = 204\n[[route]]\nname = \"all\"\nupstream = \"orders\"\n");
  EXPECT_THAT(askFor("BAN"), StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(askFor("VERSION-CONTROL"), StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(askFor("LIST"), EndsWith("hello"));
  EXPECT_THAT(seenBy(0), StartsWith("LIST /x HTTP/1.1\r\n"));
}

TEST_F(ExchangeHead, TraceIsRefusedUnlessTheListenerAllowsIt) {
  startForwarding();
  EXPECT_THAT(askFor("TRACE"),
              AllOf(isLocalReply(405, "config_disabled"), HasSubstr("\r\nallow: GET, HEAD, ")));
  EXPECT_TRUE(arrivals.empty());
  listener_plan.allow_trace = true;
  startForwarding();
  EXPECT_THAT(askFor("TRACE"), EndsWith("hello"));
}

TEST_F(ExchangeHead, ARefusedConnectEndsTheConnection) {
  startForwarding();
  const std::string_view connect = "CONNECT db.test:80 HTTP/1.1\r\nHost: db.test:80\r\n\r\n";
  EXPECT_THAT(ask(std::string(connect) + std::string(kGet)),
              AllOf(isLocalReply(405, "config_disabled"), HasSubstr("connection: close\r\n")));
  listener_plan.allow_connect = true;
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmatch.methods = [\"CONNECT\"]\n");
  on_upstream = answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
  EXPECT_THAT(ask(std::string(connect) + std::string(kGet)),
              AllOf(HasSubstr("connection: close\r\n"), EndsWith("no")));
}

TEST_F(ExchangeHead, MaxForwardsCountsDown) {
  listener_plan.allow_trace = true;
  startForwarding();
  EXPECT_THAT(askFor("OPTIONS", "Max-Forwards: 10\r\n"), EndsWith("hello"));
  EXPECT_THAT(seenBy(0), HasSubstr("\r\nmax-forwards: 9\r\n"));
  EXPECT_THAT(askFor("TRACE", "Max-Forwards: 1\r\n"), EndsWith("hello"));
  EXPECT_THAT(seenBy(0), HasSubstr("\r\nmax-forwards: 0\r\n"));
}

TEST_F(ExchangeHead, MaxForwardsOfZeroEndsHere) {
  listener_plan.allow_trace = true;
  startForwarding();
  EXPECT_THAT(askFor("OPTIONS", "Max-Forwards: 0\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nallow: GET, HEAD, "),
                    HasSubstr("\r\ncontent-length: 0\r\n")));
  EXPECT_THAT(askFor("TRACE", "Max-Forwards: 0\r\n"), isLocalReply(405, "config_disabled"));
  EXPECT_TRUE(arrivals.empty());
}

TEST_F(ExchangeHead, MaxForwardsOfOtherMethodsMeansNothing) {
  startForwarding();
  EXPECT_THAT(askFor("GET", "Max-Forwards: 0\r\n"), EndsWith("hello"));
  EXPECT_THAT(seenBy(0), HasSubstr("\r\nMax-Forwards: 0\r\n"));
  EXPECT_THAT(askFor("OPTIONS", "Max-Forwards: -1\r\n"), EndsWith("hello"));
}

TEST_F(ExchangeHead, AnAnswerWithoutADateGetsOne) {
  startForwarding();
  EXPECT_THAT(get(), testing::ContainsRegex("\r\ndate: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] "
                                            "[0-9]+ [0-9:]+ GMT\r\n"));
  on_upstream = answering(reply("old", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
  const std::string answer = get();
  EXPECT_THAT(answer, HasSubstr("\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("\r\ndate: ")));
}

TEST_F(ExchangeHead, ARouteMayRemoveTheDate) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nresponse_headers.remove = [\"date\"]\n");
  EXPECT_THAT(get(), Not(HasSubstr("\r\ndate: ")));
}

TEST_F(ExchangeHead, RedirectsKeepTheSchemeAndHostOfATrustedPeersClient) {
  const std::string_view route =
      "[[route]]\nname = \"all\"\nredirect = { status = 308, prefix = \"/new\" }\n"
      "match.path_prefix = \"/x\"\n";
  const std::string_view fields = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: www.shop.test\r\n";
  start(route);
  EXPECT_THAT(askFor("GET", fields), HasSubstr("\r\nlocation: http://shop.test/new\r\n"));
  trustEverybody();
  start(route);
  EXPECT_THAT(askFor("GET", fields), HasSubstr("\r\nlocation: https://www.shop.test/new\r\n"));
}

TEST_F(ExchangeHead, RoutesAndVariablesSeeWhatIsBelieved) {
  const std::string_view routes =
      "[[route]]\nname = \"clear\"\nmatch.headers = { \"x-forwarded-proto\" = \"http\" }\n"
      "respond.body = \"clear ${request.scheme} ${request.host}\"\n"
      "[[route]]\nname = \"all\"\n"
      "respond.body = \"secure ${request.scheme} ${request.header.x-forwarded-for}\"\n";
  const std::string_view fields =
      "X-Forwarded-Proto: https\r\nX-Forwarded-Host: other.test\r\nX-Forwarded-For: 192.0.2.1\r\n";
  start(routes);
  EXPECT_THAT(askFor("GET", fields), EndsWith("clear http shop.test"));
  trustEverybody();
  start(routes);
  EXPECT_THAT(askFor("GET", fields), EndsWith("secure https 192.0.2.1, 203.0.113.7"));
}

}  // namespace
}  // namespace weir::proxy
