#include "core/http/fetch.h"

#include <gtest/gtest.h>

#include "tests/support/fake_client.h"

namespace weir::http {
namespace {

class FetchTest : public ::testing::Test {
 protected:
  void start(std::size_t limit) {
    call = fetch(client, 7, {.target = "/keys"}, {.most_body = limit, .purpose = "test"},
                 [this](Fetched fetched) { outcome.push_back(std::move(fetched)); });
  }
  const Reply& reply() { return outcome.at(0).reply.value(); }
  ErrorCode code() { return outcome.at(0).reply.error().code; }

  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient client{loop};
  std::vector<Fetched> outcome;
  std::unique_ptr<Call> call;
};

TEST_F(FetchTest, CollectsTheResponse) {
  start(100);
  EXPECT_EQ(client.last().upstream, 7U);
  EXPECT_EQ(client.last().target, "/keys");
  client.last().head(200, BodyKind::kStream, {{"Content-Type", "text/plain"}});
  client.last().piece("one ");
  client.last().piece("two");
  EXPECT_TRUE(outcome.empty());
  client.last().end();
  EXPECT_EQ(reply().status, 200);
  EXPECT_EQ(reply().body, "one two");
  EXPECT_EQ(reply().header("content-type"), "text/plain");
  EXPECT_EQ(reply().header("etag"), "");
  EXPECT_EQ(outcome.size(), 1U);
}

TEST_F(FetchTest, ABodyMayHaveExactlyTheLimit) {
  start(3);
  client.last().reply(404, "abc");
  EXPECT_EQ(reply().status, 404);
  EXPECT_EQ(reply().body, "abc");
}

TEST_F(FetchTest, ABodyOverTheLimitEndsTheCall) {
  start(3);
  client.last().head(200);
  client.last().piece("ab");
  client.last().piece("cd");
  EXPECT_EQ(code(), ErrorCode::kTooLarge);
  EXPECT_TRUE(client.last().cancelled);
  EXPECT_EQ(outcome.size(), 1U);
}

TEST_F(FetchTest, AnAnnouncedBodyOverTheLimitIsNotRead) {
  start(3);
  client.last().length(4);
  client.last().head(200, BodyKind::kLength);
  EXPECT_EQ(code(), ErrorCode::kTooLarge);
  EXPECT_TRUE(client.last().cancelled);
}

TEST_F(FetchTest, ALengthWithoutABodyIsNotABody) {
  start(3);
  client.last().length(4000);
  client.last().head(304, BodyKind::kNone);
  client.last().end();
  EXPECT_EQ(reply().status, 304);
}

TEST_F(FetchTest, AFailureHasAReason) {
  start(3);
  client.last().fail(Reason::kUpstreamTimeout, {ErrorCode::kTimeout, Origin::kUpstream, "late"});
  EXPECT_EQ(code(), ErrorCode::kTimeout);
  EXPECT_EQ(outcome[0].reason, Reason::kUpstreamTimeout);
}

TEST_F(FetchTest, TheCallbackMayDestroyTheCall) {
  int calls = 0;
  call = fetch(client, 7, {}, {}, [&](const Fetched&) {
    ++calls;
    call.reset();
  });
  client.last().reply(200, "");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(call, nullptr);
}

TEST_F(FetchTest, NothingFollowsItsDestruction) {
  start(10);
  client.last().head(200);
  call.reset();
  EXPECT_TRUE(client.last().cancelled);
  client.last().piece("x");
  client.last().end();
  EXPECT_TRUE(outcome.empty());
}

TEST_F(FetchTest, PassesTheBodyOfTheRequestOn) {
  start(10);
  call->sendBody(asBytes("abc"));
  call->finish(nullptr);
  client.last().queued = 3;
  EXPECT_EQ(client.last().body, "abc");
  EXPECT_TRUE(client.last().finished);
  EXPECT_EQ(call->queued(), 3U);
  call->setReading(false);
  EXPECT_FALSE(client.last().reading);
}

}  // namespace
}  // namespace weir::http
