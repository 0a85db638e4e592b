#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/http/h2/pair.h"

namespace weir::http::h2 {
namespace {

using test::CodecPair;
using test::HeardRequest;
using test::HeardResponse;
using testing::ElementsAre;

constexpr std::size_t kWindow = 64 * 1024;

Options with(void (*change)(Options& options)) {
  Options options;
  change(options);
  return options;
}

TEST(H2Codecs, ARequestAndItsAnswer) {
  CodecPair pair;
  http::Request& request = pair.get("/a");
  request.has_query = true;
  request.query = "b=c";
  request.headers.add("X-Mixed", "Value");
  HeardResponse& response = pair.call(request);
  pair.settle();
  ASSERT_EQ(pair.heardCount(), 1U);
  HeardRequest& heard = pair.heard();
  EXPECT_TRUE(heard.head);
  EXPECT_EQ(heard.request().method, Method::kGet);
  EXPECT_EQ(heard.request().version, Version::kHttp2);
  EXPECT_EQ(heard.request().authority, "a.test");
  EXPECT_EQ(heard.request().path, "/a");
  EXPECT_EQ(heard.request().query, "b=c");
  EXPECT_EQ(heard.request().body, BodyKind::kNone);
  EXPECT_EQ(heard.request().headers.find("x-mixed")->name, "x-mixed");
  heard.answer(200, "hello");
  pair.settle();
  EXPECT_EQ(response.response().status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_TRUE(response.ended);
  EXPECT_TRUE(heard.closed);
  EXPECT_TRUE(pair.client().idle());
}

TEST(H2Codecs, AnIdleConnectionServesRequestsAfterItHasReturnedMemory) {
  CodecPair pair;
  for (std::size_t i = 0; i < 3; ++i) {
    HeardResponse& response = pair.call(pair.get("/a"));
    pair.settle();
    ASSERT_EQ(pair.heardCount(), i + 1);
    pair.heard(i).answer(200, "hello");
    pair.settle();
    EXPECT_EQ(response.response().status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_TRUE(response.ended);
    pair.server().trim();
  }
}

TEST(H2Codecs, BodiesAndTrailersBothWays) {
  CodecPair pair;
  http::Request& request = pair.get("/");
  request.method = Method::kPost;
  request.method_text = "POST";
  request.body = BodyKind::kStream;
  HeardResponse& response = pair.call(request);
  response.requester->sendBody(asBytes("some "));
  response.requester->sendBody(asBytes("body"));
  request.trailers.add("x-sum", "1");
  response.requester->finish(&request.trailers);
  pair.settle();
  HeardRequest& heard = pair.heard();
  EXPECT_EQ(heard.body, "some body");
  EXPECT_TRUE(heard.ended);
  EXPECT_EQ(heard.request().trailers.get("x-sum"), "1");

  http::Response answer(heard.arena);
  answer.status = 200;
  answer.body = BodyKind::kStream;
  heard.responder->sendHead(answer);
  answer.trailers.add("grpc-status", "0");
  heard.responder->sendBody(asBytes("reply"));
  heard.responder->finish(&answer.trailers);
  heard.responder->release();
  pair.settle();
  EXPECT_EQ(response.body, "reply");
  EXPECT_EQ(response.response().trailers.get("grpc-status"), "0");
  EXPECT_TRUE(response.ended);
}

// A request with a body, and with these trailers as its end.
HeardResponse& sendTrailers(CodecPair& pair, std::size_t fields, std::size_t bytes) {
  http::Request& request = pair.get("/");
  request.method = Method::kPost;
  request.method_text = "POST";
  request.body = BodyKind::kStream;
  HeardResponse& response = pair.call(request);
  response.requester->sendBody(asBytes("body"));
  const std::string value(bytes, 'v');
  for (std::size_t i = 0; i < fields; ++i) {
    request.trailers.add("x-t", request.headers.arena().copy(value));
  }
  response.requester->finish(&request.trailers);
  pair.settle();
  return response;
}

TEST(H2Codecs, TrailersBeyondALimitFailTheRequest) {
  const Options options = with([](Options& limits) {
    limits.limits.headers = 10;
    limits.limits.head_bytes = 4096;
  });
  CodecPair pair(options);
  sendTrailers(pair, 10, 50);
  EXPECT_EQ(pair.heard(0).failed, std::nullopt);
  EXPECT_TRUE(pair.heard(0).ended);
  EXPECT_EQ(pair.heard(0).request().trailers.size(), 10U);
  pair.heard(0).answer(204);
  sendTrailers(pair, 11, 50);
  sendTrailers(pair, 1, 4096);
  sendTrailers(pair, 1, 60'000);
  for (const std::size_t number : {1UL, 2UL, 3UL}) {
    EXPECT_TRUE(pair.heard(number).head);
    EXPECT_EQ(pair.heard(number).failed, ErrorCode::kTooLarge);
    EXPECT_FALSE(pair.heard(number).ended);
    EXPECT_LE(pair.heard(number).request().trailers.size(), 10U);
  }
  EXPECT_TRUE(pair.reusable());
  sendTrailers(pair, 1, 50);
  EXPECT_TRUE(pair.heard(4).ended);
  pair.heard(4).answer(204);
}

TEST(H2Codecs, ManyTrailersThatAreTooLargeAreAFlood) {
  CodecPair pair(with([](Options& limits) { limits.limits.head_bytes = 1024; }));
  for (int i = 0; i < 200 && pair.floods().empty(); ++i) sendTrailers(pair, 1, 1024);
  EXPECT_THAT(pair.floods(), ElementsAre(http::Flood::kHeads));
}

TEST(H2Codecs, TrailersOfAnUpstreamBeyondALimitFailTheResponse) {
  const Options client = with([](Options& limits) {
    limits.limits.headers = 10;
    limits.limits.head_bytes = 4096;
  });
  CodecPair pair({}, client);
  struct Case {
    std::size_t fields;
    std::size_t bytes;
    bool good;
  };
  std::size_t number = 0;
  for (const Case& tried : {Case{10, 50, true}, Case{11, 50, false}, Case{1, 4096, false},
                            Case{1, 60'000, false}, Case{1, 50, true}}) {
    HeardResponse& response = pair.call(pair.get("/"));
    pair.settle();
    HeardRequest& heard = pair.heard(number++);
    http::Response answer(heard.arena);
    answer.status = 200;
    answer.body = BodyKind::kStream;
    const std::string value(tried.bytes, 'v');
    for (std::size_t i = 0; i < tried.fields; ++i) answer.trailers.add("x-t", value);
    heard.responder->sendHead(answer);
    heard.responder->sendBody(asBytes("reply"));
    heard.responder->finish(&answer.trailers);
    heard.responder->release();
    pair.settle();
    EXPECT_EQ(response.body, "reply");
    EXPECT_EQ(response.ended, tried.good);
    EXPECT_EQ(response.failed.has_value(), !tried.good);
    if (!tried.good) {
      EXPECT_EQ(response.failed, ErrorCode::kTooLarge);
    }
    EXPECT_TRUE(pair.client().idle());
    EXPECT_TRUE(pair.reusable());
  }
}

TEST(H2Codecs, AKnownLengthIsSaid) {
  CodecPair pair;
  http::Request& request = pair.get("/");
  request.method = Method::kPost;
  request.method_text = "POST";
  request.body = BodyKind::kLength;
  request.content_length = 3;
  HeardResponse& response = pair.call(request);
  response.requester->sendBody(asBytes("abc"));
  response.requester->finish(nullptr);
  pair.settle();
  EXPECT_EQ(pair.heard().request().body, BodyKind::kLength);
  EXPECT_EQ(pair.heard().request().content_length, 3U);
}

TEST(H2Codecs, InterimResponsesComeFirst) {
  CodecPair pair;
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  http::Response hints(pair.heard().arena);
  hints.status = 103;
  pair.heard().responder->sendInformational(hints);
  pair.heard().answer(204);
  pair.settle();
  EXPECT_THAT(response.informational, ElementsAre(103));
  EXPECT_EQ(response.response().status, 204);
}

TEST(H2Codecs, AnswersOfManyStreamsLeaveInOneWrite) {
  CodecPair pair;
  for (int i = 0; i < 10; ++i) pair.call(pair.get("/"));
  pair.settle();
  ASSERT_EQ(pair.heardCount(), 10U);
  const int before = pair.toClient().writes;
  for (std::size_t i = 0; i < 10; ++i) pair.heard(i).answer(200, "hello");
  pair.loop().runOnce();
  EXPECT_EQ(pair.toClient().writes, before + 1);
}

TEST(H2Codecs, AReaderThatPausesStopsItsStreamAlone) {
  CodecPair pair({}, with([](Options& options) { options.stream_window = kWindow; }));
  HeardResponse& slow = pair.call(pair.get("/slow"));
  HeardResponse& quick = pair.call(pair.get("/quick"));
  pair.settle();
  slow.requester->setReading(false);
  const std::string large(4 * kWindow, 'x');
  HeardRequest& answering = pair.heard(0);
  http::Response answer(answering.arena);
  answer.status = 200;
  answer.body = BodyKind::kStream;
  answering.responder->sendHead(answer);
  answering.responder->sendBody(asBytes(large));
  pair.heard(1).answer(200, large);
  pair.settle();
  EXPECT_EQ(slow.body.size(), kWindow);
  EXPECT_EQ(answering.responder->queued(), large.size() - kWindow);
  EXPECT_FALSE(answering.drained);
  EXPECT_EQ(quick.body.size(), large.size());

  slow.requester->setReading(true);
  pair.settle();
  EXPECT_EQ(slow.body.size(), large.size());
  EXPECT_EQ(answering.responder->queued(), 0U);
  EXPECT_TRUE(answering.drained);
  answering.responder->finish(nullptr);
  answering.responder->release();
  pair.settle();
  EXPECT_TRUE(slow.ended);
}

TEST(H2Codecs, AFullWireIsWaitedFor) {
  CodecPair pair;
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  pair.toClient().full = true;
  pair.heard().answer(200, "hello");
  pair.settle();
  EXPECT_FALSE(response.head);
  pair.toClient().full = false;
  pair.server().onDrained();
  pair.settle();
  EXPECT_EQ(response.body, "hello");
}

TEST(H2Codecs, ACancelledRequestIsToldToTheServer) {
  CodecPair pair;
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  response.requester->cancel();
  pair.settle();
  EXPECT_EQ(pair.heard().failed, ErrorCode::kClosed);
  EXPECT_TRUE(pair.heard().closed);
  EXPECT_TRUE(pair.reusable());
}

TEST(H2Codecs, AnAnswerThatBreaksOffIsToldToTheClient) {
  CodecPair pair;
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  http::Response answer(pair.heard().arena);
  answer.status = 200;
  answer.body = BodyKind::kStream;
  pair.heard().responder->sendHead(answer);
  pair.settle();
  pair.heard().responder->abort();
  pair.heard().responder->release();
  pair.settle();
  EXPECT_TRUE(response.head);
  EXPECT_EQ(response.failed, ErrorCode::kReset);
}

// RFC 9113, 8.1: a response can precede the end of its request.
TEST(H2Codecs, AnEarlyAnswerEndsTheRequest) {
  CodecPair pair;
  http::Request& request = pair.get("/");
  request.method = Method::kPost;
  request.method_text = "POST";
  request.body = BodyKind::kStream;
  HeardResponse& response = pair.call(request);
  response.requester->sendBody(asBytes("first"));
  pair.settle();
  pair.heard().answer(413, "too much");
  pair.settle();
  EXPECT_EQ(response.response().status, 413);
  EXPECT_EQ(response.body, "too much");
  EXPECT_TRUE(response.ended);
  EXPECT_TRUE(pair.client().idle());
  pair.call(pair.get("/next"));
  pair.settle();
  EXPECT_EQ(pair.heardCount(), 2U);
}

TEST(H2Codecs, DrainingEndsInTwoSteps) {
  CodecPair pair;
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  EXPECT_FALSE(pair.server().drain());
  pair.settle();
  EXPECT_EQ(pair.client().free(), 0U);
  EXPECT_FALSE(pair.toClient().closed);
  pair.heard().answer(200, "last");
  pair.settle();
  EXPECT_EQ(response.body, "last");
  EXPECT_FALSE(pair.reusable());
  EXPECT_TRUE(pair.toClient().closed);
}

TEST(H2Codecs, RetiringServesWhatIsInHandAndNothingElse) {
  CodecPair pair;
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  EXPECT_FALSE(pair.server().retire());
  HeardResponse& late = pair.call(pair.get("/late"));  // before it receives the GOAWAY
  pair.settle();
  EXPECT_EQ(pair.heardCount(), 1U);
  EXPECT_TRUE(late.failed);
  pair.heard().answer(200, "last");
  pair.settle();
  EXPECT_EQ(response.body, "last");
  EXPECT_TRUE(pair.toClient().closed);
}

TEST(H2Codecs, AnIdleConnectionEndsWithAGoaway) {
  CodecPair pair;
  pair.settle();
  pair.server().closeIdle();
  pair.settle();
  EXPECT_TRUE(pair.toClient().closed);
  EXPECT_EQ(pair.client().free(), 0U);
}

TEST(H2Codecs, AClientThatLeavesItsAnswerUnreadIsLeft) {
  CodecPair pair({}, with([](Options& options) { options.stream_window = kWindow; }));
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  response.requester->setReading(false);
  pair.heard().answer(200, std::string(2 * kWindow, 'x'));
  pair.settle();
  EXPECT_EQ(pair.server().phase(), http::ServerCodec::Phase::kIdle);
  pair.server().closeIdle();
  EXPECT_TRUE(pair.toClient().closed);
}

TEST(H2Codecs, WhatCrossesAGoawayMayBeSentAgain) {
  CodecPair pair;
  pair.settle();
  pair.server().closeIdle();
  pair.loop().runOnce();  // the GOAWAY is in transit
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  EXPECT_EQ(response.failed, ErrorCode::kRefused);
}

class H2Ping : public testing::Test {
 protected:
  static Options pinging() {
    return with([](Options& options) {
      options.ping_interval = Milliseconds(10'000);
      options.ping_timeout = Milliseconds(3'000);
    });
  }
};

TEST_F(H2Ping, ASilentPeerThatIsThereAnswers) {
  CodecPair pair(pinging(), pinging());
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  for (int i = 0; i < 10; ++i) {
    pair.loop().advance(Milliseconds(5'000));
    pair.settle();
  }
  EXPECT_FALSE(pair.toServer().closed);
  EXPECT_FALSE(pair.toClient().closed);
  pair.heard().answer(200, "late");
  pair.settle();
  EXPECT_EQ(response.body, "late");
}

TEST_F(H2Ping, AnUpstreamThatIsGoneFailsItsExchanges) {
  CodecPair pair({}, pinging());
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  pair.loop().advance(Milliseconds(10'100));
  EXPECT_NE(pair.toServer().bytes, "");  // the PING, which is lost
  pair.loop().advance(Milliseconds(2'800));
  EXPECT_EQ(response.failed, std::nullopt);
  pair.loop().advance(Milliseconds(300));
  EXPECT_EQ(response.failed, ErrorCode::kTimeout);
  EXPECT_TRUE(pair.toServer().closed);
  EXPECT_EQ(pair.client().free(), 0U);
}

TEST_F(H2Ping, AClientThatIsGoneEndsItsRequests) {
  CodecPair pair(pinging(), {});
  pair.call(pair.get("/"));
  pair.settle();
  pair.loop().advance(Milliseconds(10'100));
  pair.loop().advance(Milliseconds(3'100));
  EXPECT_EQ(pair.heard().failed, ErrorCode::kClosed);
  EXPECT_TRUE(pair.toClient().closed);
}

TEST_F(H2Ping, AnyBytesAreASignOfLife) {
  CodecPair pair({}, pinging());
  pair.call(pair.get("/"));
  pair.settle();
  for (int i = 0; i < 4; ++i) {
    pair.loop().advance(Milliseconds(8'000));
    EXPECT_EQ(pair.toServer().bytes, "");
    http::Response early(pair.heard().arena);
    early.status = 103;
    pair.heard().responder->sendInformational(early);
    pair.settle();
  }
}

TEST_F(H2Ping, NobodyIsAskedWhileBytesWaitForHim) {
  CodecPair pair({}, pinging());
  HeardResponse& response = pair.call(pair.get("/"));
  pair.settle();
  pair.toServer().full = true;
  for (int i = 0; i < 4; ++i) pair.loop().advance(Milliseconds(20'000));
  EXPECT_EQ(response.failed, std::nullopt);
  EXPECT_FALSE(pair.toServer().closed);
}

TEST(H2Codecs, AnEndedConnectionFailsEveryExchange) {
  CodecPair pair;
  HeardResponse& waiting = pair.call(pair.get("/"));
  HeardResponse& begun = pair.call(pair.get("/"));
  pair.settle();
  http::Response answer(pair.heard(1).arena);
  answer.status = 200;
  answer.body = BodyKind::kStream;
  pair.heard(1).responder->sendHead(answer);
  pair.settle();
  pair.client().onEnd();
  EXPECT_EQ(waiting.failed, ErrorCode::kClosed);
  EXPECT_EQ(begun.failed, ErrorCode::kReset);
  pair.server().onEnd();
  EXPECT_EQ(pair.heard(0).failed, ErrorCode::kClosed);
  EXPECT_EQ(pair.server().phase(), http::ServerCodec::Phase::kIdle);
}

TEST(H2Codecs, NoMoreStreamsThanBothAllow) {
  CodecPair pair(with([](Options& options) { options.max_streams = 2; }),
                 with([](Options& options) { options.max_streams = 5; }));
  pair.settle();
  EXPECT_EQ(pair.client().free(), 2U);
  pair.call(pair.get("/"));
  EXPECT_EQ(pair.client().free(), 1U);
}

// RFC 8441, presented as an upgrade on both sides.
TEST(H2Codecs, ATunnelByExtendedConnect) {
  CodecPair pair;
  http::Request& request = pair.get("/chat");
  request.upgrade = "websocket";
  HeardResponse& response = pair.call(request);
  pair.settle();
  HeardRequest& heard = pair.heard();
  EXPECT_EQ(heard.request().method, Method::kGet);
  EXPECT_EQ(heard.request().upgrade, "websocket");
  EXPECT_EQ(heard.request().path, "/chat");
  response.requester->sendBody(asBytes("early"));
  pair.settle();
  EXPECT_EQ(heard.body, "");  // the tunnel is not established yet

  http::Response answer(heard.arena);
  answer.status = 101;
  answer.upgrade = "websocket";
  answer.body = BodyKind::kTunnel;
  heard.responder->sendHead(answer);
  heard.responder->setReading(true);
  heard.responder->sendBody(asBytes("down"));
  pair.settle();
  EXPECT_EQ(response.response().status, 101);
  EXPECT_EQ(response.response().body, BodyKind::kTunnel);
  EXPECT_EQ(response.response().upgrade, "websocket");
  EXPECT_EQ(heard.body, "early");
  EXPECT_EQ(response.body, "down");

  response.requester->finish(nullptr);
  pair.settle();
  EXPECT_TRUE(heard.ended);
  heard.responder->sendBody(asBytes(" to the end"));
  heard.responder->finish(nullptr);
  heard.responder->release();
  pair.settle();
  EXPECT_EQ(response.body, "down to the end");
  EXPECT_TRUE(response.ended);
  EXPECT_TRUE(pair.client().idle());
}

TEST(H2Codecs, AnUpgradeWithABodyIsAnOrdinaryRequest) {
  CodecPair pair;
  http::Request& request = pair.get("/exec");
  request.method = Method::kPost;
  request.method_text = "POST";
  request.upgrade = "tcp";
  request.body = BodyKind::kLength;
  request.content_length = 4;
  HeardResponse& response = pair.call(request);
  response.requester->sendBody(asBytes("body"));
  response.requester->finish(nullptr);
  pair.settle();
  HeardRequest& heard = pair.heard();
  EXPECT_EQ(heard.request().method, Method::kPost);
  EXPECT_EQ(heard.request().upgrade, "");
  EXPECT_EQ(heard.body, "body");
  EXPECT_TRUE(heard.ended);
  heard.answer(200, "done");
  pair.settle();
  EXPECT_EQ(response.response().status, 200);
  EXPECT_EQ(response.body, "done");
}

TEST(H2Codecs, AHeadOverTheLimitIsToldAsSuch) {
  CodecPair pair(with([](Options& options) { options.limits.head_bytes = 1024; }));
  http::Request& request = pair.get("/");
  const std::string large(2000, 'x');
  request.headers.add("x-large", large);
  pair.call(request);
  pair.settle();
  EXPECT_EQ(pair.heard().failed, ErrorCode::kTooLarge);
}

TEST(H2Codecs, TakingBackRequestsTooOftenEndsTheConnection) {
  CodecPair pair(with([](Options& options) { options.resets = {.burst = 10, .per_second = 1}; }));
  for (int i = 0; i < 30; ++i) {
    pair.call(pair.get("/")).requester->cancel();
    HeardResponse& response = pair.call(pair.get("/"));
    pair.settle();
    response.requester->cancel();
    pair.settle();
    if (pair.toClient().closed) break;
  }
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kResets));
  EXPECT_TRUE(pair.toClient().closed);
}

TEST(H2Codecs, NothingIsAllocatedByStreamsOnceWarm) {
  CodecPair pair;
  for (int i = 0; i < 3; ++i) {
    HeardResponse& response = pair.call(pair.get("/"));
    pair.settle();
    pair.heard(static_cast<std::size_t>(i)).answer(200, "hello");
    pair.settle();
    EXPECT_EQ(response.body, "hello");
  }
  EXPECT_EQ(pair.loop().chunks().lent(), 0U);
}

}  // namespace
}  // namespace weir::http::h2
