#include "core/route/redirect.h"
#include "tests/core/proxy/fixture.h"

// What a listener does with all requests and responses: header rules, filters and the redirect to
// HTTPS.
namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Notes in headers what it sees, and acts as configured.
class Stamp final : public filter::Filter {
 public:
  struct Config {
    std::string name;
    bool deny = false;
    bool wait = false;
    unsigned whole = 0;
    std::string cover;
    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("name", out.name, "Name.");
      table.read("deny", out.deny, "Whether to reply.");
      table.read("wait", out.wait, "Whether to wait.");
      table.read("whole", out.whole, "Limit for whole bodies.");
      table.read("cover", out.cover, "Replacement for bytes of bodies.");
    }
  };
  Stamp(const Config& config, filter::Control& control) : config_(config), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override {
    const std::string_view route = control_.record().route;
    request.headers.add("x-seen-by", config_.name);
    request.headers.add("x-route", control_.route() == 0 ? "none" : "known");
    request.headers.add("x-record-route", route.empty() ? "none" : route);
    if (config_.whole > 0) control_.watchRequestBody(filter::BodyMode::whole(config_.whole));
    if (!config_.cover.empty()) {
      control_.watchRequestBody(filter::BodyMode::pieces());
      control_.watchResponseBody(filter::BodyMode::pieces());
    }
    if (config_.deny) {
      return filter::Verdict::reply(
          {.status = 403, .reason = Reason::kAuthzDenied, .detail = "not allowed"});
    }
    if (!config_.wait) return filter::Verdict::proceed();
    waiting() = &control_;
    return filter::Verdict::wait(Milliseconds(5'000), Reason::kExtAuthError);
  }
  filter::Verdict onResponse(http::Response& response) override {
    response.headers.add("x-seen-by", config_.name);
    return filter::Verdict::proceed();
  }
  void onLocalReply(http::Response& response) override {
    response.headers.add("x-local-seen-by", config_.name);
  }
  filter::Flow onRequestBody(filter::BodyStep& step) override { return change(step); }
  filter::Flow onResponseBody(filter::BodyStep& step) override { return change(step); }

  static filter::Control*& waiting() {
    static filter::Control* control = nullptr;
    return control;
  }

 private:
  filter::Flow change(filter::BodyStep& step) {
    if (!config_.cover.empty()) {
      const std::string covered(step.in.size(), config_.cover.front());
      step.in.clear();
      step.in.append(asBytes(covered));
    }
    step.pass();
    return filter::Flow::proceed();
  }

  const Config& config_;
  filter::Control& control_;
};

constexpr std::string_view kRoute = R"(
[[route]]
name = "all"
match = { path_prefix = "/app" }
upstream = "orders"
filters = [{ stamp = { name = "route" } }]
response_headers = { set = { x-order = "route" } }
)";

class ExchangeListener : public ProxyTest {
 protected:
  ExchangeListener() { filters.add<Stamp>("stamp", "Of tests."); }
  void startWith(std::string_view parts, std::string_view routes = kRoute) {
    listener_parts = parts;
    start(routes);
  }
  void redirectTo(std::uint16_t port) {
    listener_plan.https_redirect = std::make_shared<const route::Redirect>(
        route::RedirectTarget{.status = 308, .scheme = "https", .port = port});
  }
};

TEST_F(ExchangeListener, ItsFiltersComeBeforeThoseOfTheRoute) {
  startWith("filters = [{ stamp = { name = 'first' } }, { stamp = { name = 'second' } }]");
  const std::string reply = get("/app");
  EXPECT_THAT(seenBy(0),
              HasSubstr("x-seen-by: first\r\nx-route: none\r\nx-record-route: none\r\n"
                        "x-seen-by: second\r\nx-route: none\r\nx-record-route: none\r\n"
                        "x-seen-by: route\r\nx-route: known\r\nx-record-route: all\r\n"));
  EXPECT_THAT(reply, HasSubstr("x-seen-by: route\r\nx-seen-by: second\r\nx-seen-by: first\r\n"));
}

TEST_F(ExchangeListener, ItsFiltersSeeRequestsWithoutARoute) {
  startWith("filters = [{ stamp = { name = 'first' } }]");
  EXPECT_THAT(get("/none"),
              AllOf(isLocalReply(404, "no_route"), HasSubstr("\r\nx-local-seen-by: first\r\n")));
  startWith("filters = [{ stamp = { name = 'first', deny = true } }]");
  EXPECT_THAT(get("/none"), isLocalReply(403, "authz_denied"));
  EXPECT_EQ(count(localRepliesKey(listener_plan.id, 0, 403, Reason::kAuthzDenied, id("stamp"))),
            1U);
  EXPECT_THAT(arrivals, IsEmpty());
}

TEST_F(ExchangeListener, LateFiltersSeeRequestsWithoutARoute) {
  startWith("filters_without_route = [{ stamp = { name = 'late' } }]");
  EXPECT_THAT(get("/none"),
              AllOf(isLocalReply(404, "no_route"), HasSubstr("\r\nx-local-seen-by: late\r\n")));
  startWith(
      "filters = [{ stamp = { name = 'first' } }]\n"
      "filters_without_route = [{ stamp = { name = 'late', deny = true } }]");
  EXPECT_THAT(get("/none"),
              AllOf(isLocalReply(403, "authz_denied"),
                    HasSubstr("\r\nx-local-seen-by: late\r\nx-local-seen-by: first\r\n")));
  EXPECT_THAT(get("/app"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ExchangeListener, RoutesAreMatchedByHeadersThatItsFiltersSet) {
  startWith("filters = [{ stamp = { name = 'first' } }]",
            "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
            "match = { headers = { x-seen-by = \"first\" } }\n");
  EXPECT_THAT(get(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ExchangeListener, AFilterMayWaitBeforeTheRouteIsKnown) {
  startWith("filters = [{ stamp = { name = 'first', wait = true } }]");
  StreamPeer& client = connect();
  client.send("GET /app HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_THAT(arrivals, IsEmpty());
  Stamp::waiting()->resumeRequest(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 "));
  StreamPeer& other = connect();
  other.send("GET /none HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(5'050));
  EXPECT_THAT(other.received(), isLocalReply(504, "ext_auth_error"));
}

TEST_F(ExchangeListener, WholeAndFilteredBodiesReachTheUpstream) {
  startWith("filters = [{ stamp = { name = 'first', whole = 100 } }, { stamp = { cover = 'x' } }]",
            "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
            "filters = [{ stamp = { name = 'route', whole = 100 } }]\n");
  on_upstream = answering(reply("hello"));
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\nabcd");
  turn();
  EXPECT_THAT(arrivals, IsEmpty());
  client.send("\r\n\r\n");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\nxxxxxxxx"));
}

TEST_F(ExchangeListener, ASlowBodyBeforeTheRouteIsKnownHasATimeLimit) {
  defaults.idle_timeout = Milliseconds(2'000);
  startWith("filters = [{ stamp = { name = 'first', whole = 100 } }]");
  StreamPeer& client = connect();
  client.send("POST /app HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\nabcd");
  pass(Milliseconds(1'900));
  EXPECT_EQ(client.received(), "");
  pass(Milliseconds(200));
  EXPECT_THAT(client.received(), isLocalReply(408, "stream_idle"));
}

TEST_F(ExchangeListener, ItsRequestHeadersComeFirst) {
  startWith(
      "request_headers = { set = { x-a = '${client.address}', x-kind = 'k' }, remove = ['x-b'] }\n"
      "filters = [{ stamp = { name = 'first' } }]",
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
      "match = { headers = { x-kind = \"k\" } }\n");
  ask("GET / HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\nX-B: 2\r\n\r\n");
  EXPECT_THAT(seenBy(0), AllOf(HasSubstr("\r\nx-a: 203.0.113.7\r\nx-kind: k\r\nx-seen-by"),
                               Not(HasSubstr("X-B"))));
}

TEST_F(ExchangeListener, ItsResponseHeadersAreOnEveryResponse) {
  startWith("response_headers = { set = { hsts = 'on ${route.name}', x-order = 'listener' } }");
  EXPECT_THAT(get("/app"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nhsts: on all\r\n"),
                    HasSubstr("\r\nx-order: listener\r\n"), Not(HasSubstr("x-order: route"))));
  EXPECT_THAT(get("/none"), AllOf(isLocalReply(404, "no_route"), HasSubstr("\r\nhsts: on \r\n")));
  EXPECT_THAT(ask("GET /%zz HTTP/1.1\r\nHost: shop.test\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("\r\nhsts: on \r\n")));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("\r\nhsts: on \r\n")));
}

TEST_F(ExchangeListener, RedirectsToHttps) {
  redirectTo(443);
  startWith("filters = [{ stamp = { deny = true } }]\nresponse_headers = { set = { x-a = '1' } }");
  EXPECT_THAT(get("/app?a=1"), AllOf(StartsWith("HTTP/1.1 308 "), HasSubstr("\r\nx-a: 1\r\n"),
                                     HasSubstr("\r\nlocation: https://shop.test/app?a=1\r\n")));
  redirectTo(8443);
  startWith("");
  EXPECT_THAT(
      ask("GET / HTTP/1.1\r\nHost: shop.test:8080\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 308 "), HasSubstr("\r\nlocation: https://shop.test:8443/\r\n")));
  EXPECT_THAT(arrivals, IsEmpty());
}

TEST_F(ExchangeListener, ARequestThatATrustedProxyReceivedOverHttpsIsNotRedirected) {
  redirectTo(443);
  listener_plan.trusted_proxies = {*IpRange::parse("203.0.113.0/24")};
  startWith("");
  EXPECT_THAT(ask("GET /app HTTP/1.1\r\nHost: shop.test\r\nX-Forwarded-Proto: https\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET /app HTTP/1.1\r\nHost: shop.test\r\nX-Forwarded-Proto: http\r\n\r\n"),
              StartsWith("HTTP/1.1 308 "));
}

}  // namespace
}  // namespace weir::proxy
