#include <algorithm>

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Pauses, sends a local reply or changes bodies, as configured.
class PausingFilter final : public filter::Filter {
 public:
  struct Config {
    std::string pause;    // "request" or "response"
    std::string respond;  // "request", "body", "end", "response", "response-body", "response-end"
    std::string cover;    // replaces every byte of bodies
    std::string add;      // appended to bodies

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) {
      table.read("pause", out.pause, "Where it pauses.");
      table.read("respond", out.respond, "Where it answers.");
      table.read("cover", out.cover, "What bodies become.");
      table.read("add", out.add, "What stands behind bodies.");
    }
  };
  PausingFilter(const Config& config, filter::Control& control)
      : config_(config), control_(control) {}

  filter::Verdict onRequest(http::Request&) override { return decide("request"); }
  filter::Verdict onResponse(http::Response& response) override {
    response.headers.add("x-seen", control_.clientAddress());
    return decide("response");
  }
  filter::Verdict onRequestBody(Bytes& bytes, bool last) override {
    return change(bytes, last, last ? "end" : "body");
  }
  filter::Verdict onResponseBody(Bytes& bytes, bool last) override {
    return change(bytes, last, last ? "response-end" : "response-body");
  }

  // The control of the latest exchange that was paused.
  static filter::Control*& paused() {
    static filter::Control* control = nullptr;
    return control;
  }

 private:
  filter::Verdict decide(std::string_view where) {
    if (config_.respond == where) {
      control_.respond({403, Reason::kAuthzDenied, "not allowed"});
      text_ = "still here";  // the reply must not destroy this object
      return filter::Verdict::kResponded;
    }
    if (config_.pause != where) return filter::Verdict::kContinue;
    paused() = &control_;
    return filter::Verdict::kPause;
  }
  filter::Verdict change(Bytes& bytes, bool last, std::string_view where) {
    if (last && !config_.add.empty()) bytes = asBytes(config_.add);
    if (!last && !config_.cover.empty()) {
      text_.assign(bytes.size(), config_.cover.front());
      bytes = asBytes(text_);
    }
    return decide(where);
  }

  const Config& config_;
  filter::Control& control_;
  std::string text_;
};

class ExchangeFilters : public ProxyTest {
 protected:
  ExchangeFilters() { filters.add<PausingFilter>("obstacle", "Of tests."); }
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
  startWith("pause = 'request'");
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\nabcd\r\n\r\n");
  turn();
  EXPECT_THAT(arrivals, IsEmpty());
  PausingFilter::paused()->resume();
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("abcd\r\n\r\n"));
  EXPECT_THAT(client.received(), EndsWith("hello"));
}

TEST_F(ExchangeFilters, MayAnswerAfterHoldingTheRequestBack) {
  startWith("pause = 'request'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  PausingFilter::paused()->respond({429, Reason::kRateLimited, "later"});
  turn();
  EXPECT_THAT(client.received(), isLocalReply(429, "rate_limited"));
}

TEST_F(ExchangeFilters, MayHoldTheResponseBack) {
  startWith("pause = 'response'");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), IsEmpty());
  PausingFilter::paused()->resume();
  turn();
  EXPECT_THAT(client.received(), HasSubstr("x-seen: 203.0.113.7\r\n"));
  EXPECT_THAT(client.received(), EndsWith("hello"));
  EXPECT_EQ(logged().status, 200);
}

TEST_F(ExchangeFilters, MayHoldAResponseBackThatIsStillComing) {
  startWith("pause = 'response'");
  on_upstream = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  PausingFilter::paused()->resume();
  turn();
  EXPECT_THAT(client.received(), EndsWith("01234"));
  arrival(0).send("56789");
  turn();
  EXPECT_THAT(client.received(), EndsWith("0123456789"));
}

TEST_F(ExchangeFilters, TheClientMayGoWhileTheyWait) {
  startWith("pause = 'request'");
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
