#include <algorithm>

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Waits, sends a local reply or changes bodies, as configured.
class TestFilter final : public filter::Filter {
 public:
  struct Config {
    std::string wait;      // "request", "body", "response" or "response-body"
    std::string respond;   // "request", "body", "end", "response", "response-body", "response-end"
    std::string cover;     // replaces every byte of bodies
    std::string add;       // appended to bodies
    unsigned whole = 0;    // limit for whole bodies; 0: in pieces
    unsigned inflate = 0;  // each byte of a body becomes as many

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("wait", out.wait, "Where it waits.");
      table.read("respond", out.respond, "Where it replies.");
      table.read("cover", out.cover, "Replacement for bytes of bodies.");
      table.read("add", out.add, "Text after bodies.");
      table.read("whole", out.whole, "Limit for whole bodies.");
      table.read("inflate", out.inflate, "Factor.");
    }
  };
  TestFilter(const Config& config, filter::Control& control) : config_(config), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override {
    if (watches()) {
      control_.watchRequestBody(mode());
      request.rewriteBody();
    }
    return decide("request");
  }
  filter::Verdict onResponse(http::Response& response) override {
    response.headers.add("x-seen", control_.clientAddress());
    if (watches()) {
      control_.watchResponseBody(mode());
      response.rewriteBody();
    }
    return decide("response");
  }
  filter::Flow onRequestBody(filter::BodyStep& step) override {
    return change(step, step.last ? "end" : "body");
  }
  filter::Flow onResponseBody(filter::BodyStep& step) override {
    return change(step, step.last ? "response-end" : "response-body");
  }

  // The control of the latest filter that waited.
  static filter::Control*& waiting() {
    static filter::Control* control = nullptr;
    return control;
  }

 private:
  bool watches() const {
    return !config_.cover.empty() || !config_.add.empty() || config_.whole > 0 ||
           config_.inflate > 0 || config_.wait.ends_with("body") ||
           config_.respond.ends_with("body") || config_.respond.ends_with("end");
  }
  filter::BodyMode mode() const {
    return config_.whole > 0 ? filter::BodyMode::whole(config_.whole) : filter::BodyMode::pieces();
  }
  filter::Verdict decide(std::string_view where) {
    if (config_.respond == where) {
      return filter::Verdict::reply(
          {.status = 403, .reason = Reason::kAuthzDenied, .detail = "not allowed"});
    }
    if (config_.wait != where || waited_) return filter::Verdict::proceed();
    waiting() = &control_;
    waited_ = true;
    return filter::Verdict::wait(Milliseconds(5'000), Reason::kExtAuthError);
  }
  filter::Flow change(filter::BodyStep& step, std::string_view where) {
    const filter::Verdict verdict = decide(where);
    if (!verdict.proceeds()) return verdict;
    if (config_.inflate > 0) return inflate(step);
    if (step.last && !config_.add.empty() && added_to_ != where) {
      added_to_ = where;
      step.in.append(asBytes(config_.add));
    } else if (!config_.cover.empty()) {
      const std::string covered(step.in.size(), config_.cover.front());
      step.in.clear();
      step.in.append(asBytes(covered));
    }
    step.pass();
    return filter::Flow::proceed();
  }
  filter::Flow inflate(filter::BodyStep& step) {
    const std::string piece(config_.inflate, 'x');
    while (!step.in.empty()) {
      if (step.out.room() < piece.size()) return filter::Flow::more();
      step.in.consume(1);
      step.out.append(asBytes(piece));
    }
    return filter::Flow::proceed();
  }

  const Config& config_;
  filter::Control& control_;
  bool waited_ = false;
  std::string_view added_to_;  // the body at whose end the text was added
};

class ExchangeFilters : public ProxyTest {
 protected:
  ExchangeFilters() { filters.add<TestFilter>("obstacle", "Of tests."); }
  void startWith(std::string_view obstacle) {
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nfilters = [{ obstacle = { " +
          std::string(obstacle) + " } }]\n");
  }
  std::string post() {
    return ask("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\nabcd\r\n\r\n");
  }
  std::uint64_t denied(int status = 403) {
    return count(
        localRepliesKey(listener_plan.id, id("all"), status, Reason::kAuthzDenied, id("obstacle")));
  }
};

TEST_F(ExchangeFilters, MayAnswerTheRequest) {
  startWith("respond = 'request'");
  EXPECT_THAT(get(), isLocalReply(403, "authz_denied"));
  EXPECT_EQ(denied(), 1U);
  EXPECT_THAT(arrivals, IsEmpty());
}

TEST_F(ExchangeFilters, MayAnswerInTheMidstOfTheBody) {
  startWith("respond = 'body'");
  EXPECT_THAT(post(), isLocalReply(403, "authz_denied"));
  EXPECT_EQ(denied(), 1U);
}

TEST_F(ExchangeFilters, MayAnswerAtTheEndOfTheBody) {
  startWith("respond = 'end'");
  EXPECT_THAT(post(), isLocalReply(403, "authz_denied"));
}

TEST_F(ExchangeFilters, MayAnswerInsteadOfTheUpstream) {
  startWith("respond = 'response'");
  EXPECT_THAT(get(), isLocalReply(403, "authz_denied"));
  EXPECT_EQ(denied(), 1U);
}

TEST_F(ExchangeFilters, MayCutTheResponseShort) {
  startWith("respond = 'response-body'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\n"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(logged().reason, Reason::kAuthzDenied);
}

TEST_F(ExchangeFilters, MayCutTheResponseShortAtItsEnd) {
  startWith("respond = 'response-end'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(logged().reason, Reason::kAuthzDenied);
}

TEST_F(ExchangeFilters, MayHoldTheRequestBack) {
  startWith("wait = 'request'");
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\nabcd\r\n\r\n");
  turn();
  EXPECT_THAT(arrivals, IsEmpty());
  TestFilter::waiting()->resumeRequest(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("abcd\r\n\r\n"));
  EXPECT_THAT(client.received(), EndsWith("hello"));
}

TEST_F(ExchangeFilters, MayAnswerAfterHoldingTheRequestBack) {
  startWith("wait = 'request'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  TestFilter::waiting()->resumeRequest(
      filter::Verdict::reply({.status = 429, .reason = Reason::kRateLimited, .detail = "later"}));
  turn();
  EXPECT_THAT(client.received(), isLocalReply(429, "rate_limited"));
}

TEST_F(ExchangeFilters, MayHoldTheResponseBack) {
  startWith("wait = 'response'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), IsEmpty());
  TestFilter::waiting()->resumeResponse(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(client.received(), HasSubstr("x-seen: 203.0.113.7\r\n"));
  EXPECT_THAT(client.received(), EndsWith("hello"));
  EXPECT_EQ(logged().status, 200);
}

TEST_F(ExchangeFilters, MayHoldAResponseBackThatIsStillComing) {
  startWith("wait = 'response'");
  on_upstream = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  TestFilter::waiting()->resumeResponse(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(client.received(), EndsWith("01234"));
  arrival(0).send("56789");
  turn();
  EXPECT_THAT(client.received(), EndsWith("0123456789"));
}

TEST_F(ExchangeFilters, TheClientMayGoWhileTheyWait) {
  startWith("wait = 'request'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  client.close();
  turn();
  EXPECT_EQ(logged().reason, Reason::kClientDisconnect);
}

TEST_F(ExchangeFilters, MayChangeBodies) {
  startWith("cover = 'x', add = '!'");
  on_upstream =
      answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  const std::string answer =
      ask("POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: "
          "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n4\r\nxxx!\r\n0\r\n\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n2\r\nxx\r\n1\r\n!\r\n0\r\n\r\n"));
}

// The route's chain is the one that waits for the head, then the one that changes bodies.
constexpr std::string_view kWaitThenCover =
    "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
    "filters = [{ obstacle = { wait = 'request' } }, { obstacle = { cover = 'x' } }]\n";

TEST_F(ExchangeFilters, ABodyDoesNotOvertakeItsHead) {
  start(kWaitThenCover);
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\nabcd");
  turn();
  TestFilter::waiting()->resumeRequest(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n4\r\nxxxx\r\n0\r\n\r\n"));
}

TEST_F(ExchangeFilters, ABodyOfAResponseDoesNotOvertakeItsHead) {
  start(
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
      "filters = [{ obstacle = { cover = 'x' } }, { obstacle = { wait = 'response' } }]\n");
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), IsEmpty());
  TestFilter::waiting()->resumeResponse(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\n5\r\nxxxxx\r\n0\r\n\r\n"));
}

TEST_F(ExchangeFilters, AWaitHasALimit) {
  startWith("wait = 'request'");
  StreamPeer& client = connect();
  client.send(kGet);
  pass(Milliseconds(4'900));
  EXPECT_THAT(client.received(), IsEmpty());
  pass(Milliseconds(200));
  EXPECT_THAT(client.received(), isLocalReply(504, "ext_auth_error"));
  EXPECT_EQ(count(localRepliesKey(listener_plan.id, id("all"), 504, Reason::kExtAuthError,
                                  id("obstacle"))),
            1U);
  EXPECT_THAT(arrivals, IsEmpty());
}

TEST_F(ExchangeFilters, AWaitInABodyHoldsTheBody) {
  startWith("wait = 'body'");
  on_upstream = {};
  StreamPeer& client = connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n"));
  TestFilter::waiting()->resumeRequest(filter::Verdict::proceed());
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n3\r\nabc\r\n"));
}

TEST_F(ExchangeFilters, AWaitInABodyHasALimit) {
  startWith("wait = 'body'");
  on_upstream = {};
  StreamPeer& client = connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  pass(Milliseconds(5'100));
  EXPECT_THAT(client.received(), isLocalReply(504, "ext_auth_error"));
}

TEST_F(ExchangeFilters, AWholeBodyIsSeenBeforeTheHeadGoesOn) {
  startWith("whole = 16, cover = 'x'");
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\nabcd");
  turn();
  EXPECT_THAT(arrivals, IsEmpty());
  client.send("efgh");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n8\r\nxxxxxxxx\r\n0\r\n\r\n"));
}

TEST_F(ExchangeFilters, AClientThatWaitsForA100IsAskedForAWholeBody) {
  startWith("whole = 16, cover = 'x'");
  StreamPeer& client = connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  turn();
  EXPECT_THAT(client.takeReceived(), StartsWith("HTTP/1.1 100 Continue\r\n"));
  client.send("abc");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("3\r\nxxx\r\n0\r\n\r\n"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("expect")));
}

TEST_F(ExchangeFilters, AWholeBodyIsEmptyIfThereIsNone) {
  startWith("whole = 16, respond = 'end'");
  EXPECT_THAT(get(), isLocalReply(403, "authz_denied"));
}

TEST_F(ExchangeFilters, AWholeBodyHasALimit) {
  startWith("whole = 16");
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "11\r\n01234567890123456\r\n"),
              isLocalReply(413, "body_too_large"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 17\r\n\r\n"),
              isLocalReply(413, "body_too_large"));
  EXPECT_THAT(arrivals, IsEmpty());
}

TEST_F(ExchangeFilters, AWholeResponseHasALimit) {
  startWith("whole = 4");
  EXPECT_THAT(get(), isLocalReply(502, "body_too_large"));
}

// 64 KiB become 64 MiB, of which little is held.
TEST_F(ExchangeFilters, AnInflatedBodyStaysBounded) {
  startWith("inflate = 1000");
  constexpr std::size_t kBody = 64 * 1024;
  on_upstream = answering(reply(std::string(kBody, 'a')));
  StreamPeer& client = connect();
  client.stream().setReading(false);
  client.send(kGet);
  turn();
  EXPECT_LE(loop.chunks().lent() * loop.chunks().blockBytes(), 512U * 1024);
  client.stream().setReading(true);
  for (int i = 0; i < 20'000 && !client.received().ends_with("\r\n0\r\n\r\n"); ++i) turn();
  const std::string body = client.received().substr(client.received().find("\r\n\r\n"));
  EXPECT_EQ(std::count(body.begin(), body.end(), 'x'), std::ptrdiff_t{kBody} * 1000);
  EXPECT_EQ(logged().status, 200);
}

TEST_F(ExchangeFilters, AWaitingResponsePausesTheUpstream) {
  startWith("wait = 'response'");
  const std::string body(200 * 1024, 'b');
  on_upstream = answering(reply(body));
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  EXPECT_LE(loop.chunks().lent() * loop.chunks().blockBytes(), 256U * 1024);
  TestFilter::waiting()->resumeResponse(filter::Verdict::proceed());
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_THAT(client.received(), EndsWith(body));
}

TEST_F(ExchangeFilters, DoNotSeeTunnels) {
  startWith("cover = 'x', add = '!'");
  on_upstream = answering(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nab");
  StreamPeer& client = connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\ncd");
  turn();
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\nab"));
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\ncd"));
}

}  // namespace
}  // namespace weir::proxy
