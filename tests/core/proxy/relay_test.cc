#include "core/proxy/relay.h"

#include <string>

#include <gtest/gtest.h>

#include "core/base/arena.h"

namespace weir::proxy {
namespace {

// Accepts all data, and reports a given number of bytes as queued.
class Sink final : public http::BodySink {
 public:
  void sendBody(Bytes bytes) override { text += asText(bytes); }
  void finish(const http::Headers* with) override {
    finished = true;
    trailers = with;
  }
  std::size_t queued() const override { return waiting; }

  std::string text;
  std::size_t waiting = 0;
  bool finished = false;
  const http::Headers* trailers = nullptr;
};

class Source final : public http::BodySource {
 public:
  void setReading(bool on) override { reading = on; }
  bool reading = true;
};

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() { relay.setSource(source); }
  void push(std::string_view text) { relay.push(asBytes(text)); }

  BlockPool pool{16 * 1024};
  Source source;
  Sink sink;
  Sink other;
  Relay relay{pool};
};

TEST_F(RelayTest, PassesOnWhatComes) {
  relay.attach(sink);
  push("one ");
  push("two");
  relay.end(nullptr);
  EXPECT_EQ(sink.text, "one two");
  EXPECT_TRUE(sink.finished);
  EXPECT_EQ(relay.bytes(), 7U);
  EXPECT_TRUE(relay.ended());
}

TEST_F(RelayTest, HoldsWhatComesBeforeTheSink) {
  push("early");
  relay.end(nullptr);
  EXPECT_FALSE(sink.finished);
  relay.attach(sink);
  EXPECT_EQ(sink.text, "early");
  EXPECT_TRUE(sink.finished);
}

TEST_F(RelayTest, HandsTheTrailersOn) {
  Arena arena(pool);
  const http::Headers trailers(arena);
  relay.attach(sink);
  relay.end(&trailers);
  EXPECT_EQ(sink.trailers, &trailers);
}

TEST_F(RelayTest, StopsTheSourceWhenTheSinkIsFull) {
  relay.attach(sink);
  sink.waiting = Relay::kHighWater - 1;
  push("x");
  EXPECT_TRUE(source.reading);
  sink.waiting = Relay::kHighWater;
  push("x");
  EXPECT_FALSE(source.reading);
  sink.waiting = Relay::kLowWater + 1;
  relay.onDrained();
  EXPECT_FALSE(source.reading);
  sink.waiting = Relay::kLowWater;
  relay.onDrained();
  EXPECT_TRUE(source.reading);
}

TEST_F(RelayTest, StopsTheSourceWhenTooMuchIsHeld) {
  push(std::string(Relay::kMostHeld, 'x'));
  EXPECT_FALSE(source.reading);
  relay.attach(sink);
  EXPECT_TRUE(source.reading);
  EXPECT_EQ(sink.text.size(), Relay::kMostHeld);
  EXPECT_EQ(pool.lent(), 0U);
}

TEST_F(RelayTest, SendsAgainWhatFitsIntoTheLimit) {
  relay.keepForReplay(10);
  relay.attach(sink);
  push("0123456789");
  EXPECT_TRUE(relay.replayable());
  relay.detach();
  relay.attach(other);
  EXPECT_EQ(other.text, "0123456789");
  relay.end(nullptr);
  EXPECT_TRUE(other.finished);
  EXPECT_FALSE(sink.finished);
}

TEST_F(RelayTest, ForgetsWhatDoesNotFit) {
  relay.keepForReplay(9);
  relay.attach(sink);
  push("012345678");
  EXPECT_GT(pool.lent(), 0U);
  push("9");
  EXPECT_FALSE(relay.replayable());
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(sink.text, "0123456789");
}

TEST_F(RelayTest, WhatIsHeldBeyondTheLimitGoesOnce) {
  relay.keepForReplay(4);
  push("01234");
  relay.attach(sink);
  EXPECT_EQ(sink.text, "01234");
  EXPECT_FALSE(relay.replayable());
}

TEST_F(RelayTest, KeepsNoMoreThanItsOwnLimit) {
  relay.keepForReplay(1'000'000'000);
  relay.attach(sink);
  push(std::string(Relay::kMaxReplay, 'x'));
  EXPECT_TRUE(relay.replayable());
  relay.attach(other);
  EXPECT_EQ(other.text.size(), Relay::kMaxReplay);
  push("x");
  EXPECT_FALSE(relay.replayable());
}

TEST_F(RelayTest, KeepsNothingOnceNoAttemptCanFollow) {
  relay.keepForReplay(100);
  relay.attach(sink);
  push("0123");
  relay.stopKeeping();
  EXPECT_EQ(pool.lent(), 0U);
  push("4567");
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(sink.text, "01234567");
}

TEST_F(RelayTest, DropsWhatNobodyWants) {
  push(std::string(Relay::kMostHeld, 'x'));
  relay.discard();
  EXPECT_TRUE(source.reading);
  push("more");
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(relay.bytes(), Relay::kMostHeld + 4);
}

}  // namespace
}  // namespace weir::proxy
