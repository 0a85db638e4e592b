#include "tests/support/memory_stream.h"

#include <gtest/gtest.h>

#include "tests/support/memory_connector.h"
#include "tests/support/stream_peer.h"

namespace weir::test {
namespace {

using net::Address;
using net::Stream;
using Outcome = MemoryConnector::Outcome;

class MemoryStreamTest : public ::testing::Test {
 protected:
  void turn() { loop.advance(Milliseconds(0)); }

  event::Loop loop{event::Loop::Time::kManual};
  MemoryStream::Pair pair = MemoryStream::makePair(loop);
  MemoryStream& left_stream = *pair.first;
  MemoryStream& right_stream = *pair.second;
  StreamPeer left{std::move(pair.first)};
  StreamPeer right{std::move(pair.second)};
};

TEST_F(MemoryStreamTest, DeliversWhenTheTurnEnds) {
  left.send("hel");
  left.send("lo");
  EXPECT_EQ(right.received(), "");
  turn();
  EXPECT_EQ(right.received(), "hello");
  EXPECT_EQ(right.events(), 1U);
}

TEST_F(MemoryStreamTest, CarriesBytesBothWays) {
  right.script = [](StreamPeer& peer) { peer.send("pong"); };
  left.send("ping");
  turn();
  EXPECT_EQ(right.received(), "ping");
  EXPECT_EQ(left.received(), "pong");
}

TEST_F(MemoryStreamTest, CountsAsQueuedWhatWasNotTaken) {
  right.stream().setReading(false);
  left.send(std::string(100, 'x'));
  turn();
  EXPECT_EQ(left.stream().queued(), 100U);
  right.stream().setReading(true);
  turn();
  EXPECT_EQ(left.stream().queued(), 0U);
  EXPECT_EQ(right.received().size(), 100U);
}

TEST_F(MemoryStreamTest, IsFlushedWhenTheOtherEndReads) {
  left.send("x");
  EXPECT_TRUE(left.stream().flush());
  right.stream().setReading(false);
  EXPECT_FALSE(left.stream().flush());
  turn();
  EXPECT_EQ(right.received(), "");
}

TEST_F(MemoryStreamTest, TellsOnceWhenItDrainedBelowTheLowWaterMark) {
  right.stream().setReading(false);
  left.send(std::string(Stream::kLowWater + 1, 'x'));
  turn();
  EXPECT_EQ(left.history(), "");
  left_stream.sent().setFragment(1);
  right.stream().setReading(true);
  turn();
  EXPECT_EQ(left.history(), "drained");
}

TEST_F(MemoryStreamTest, DoesNotTellOfDrainingWhatWasNeverHigh) {
  left.send(std::string(Stream::kLowWater, 'x'));
  turn();
  EXPECT_EQ(left.history(), "");
}

TEST_F(MemoryStreamTest, DeliversInFragments) {
  left_stream.sent().setFragment(2);
  left.send("abcde");
  turn();
  EXPECT_EQ(right.received(), "abcde");
  EXPECT_EQ(right.events(), 3U);
}

TEST_F(MemoryStreamTest, StopsBetweenFragmentsWhenReadingIsTurnedOff) {
  left_stream.sent().setFragment(2);
  right.script = [](StreamPeer& peer) { peer.stream().setReading(false); };
  left.send("abcde");
  turn();
  EXPECT_EQ(right.received(), "ab");
}

TEST_F(MemoryStreamTest, DeliversNothingWhileStalled) {
  left_stream.sent().setStalled(true);
  left.send("late");
  left.end();
  turn();
  EXPECT_EQ(right.history(), "");
  left_stream.sent().setStalled(false);
  turn();
  EXPECT_EQ(right.received(), "late");
  EXPECT_EQ(right.history(), "data end");
}

TEST_F(MemoryStreamTest, ResetsBothEndsAfterSoManyBytes) {
  left_stream.sent().resetAfter(3);
  left.send("abcde");
  turn();
  EXPECT_EQ(right.received(), "abc");
  EXPECT_EQ(right.history(), "data broken:reset");
  EXPECT_EQ(left.history(), "broken:reset");
}

TEST_F(MemoryStreamTest, CanBeResetByOneEnd) {
  left.send("lost");
  left_stream.reset();
  turn();
  EXPECT_EQ(right.history(), "broken:reset");
  EXPECT_EQ(left.history(), "");
}

TEST_F(MemoryStreamTest, HalfClosesAfterWhatIsQueued) {
  left.send("last");
  left.end();
  left.send("never");
  turn();
  EXPECT_EQ(right.received(), "last");
  EXPECT_EQ(right.history(), "data end");
  right.send("answer");
  turn();
  EXPECT_EQ(left.received(), "answer");
}

TEST_F(MemoryStreamTest, TellsTheEndOnlyToWhoReads) {
  right.stream().setReading(false);
  left.end();
  turn();
  EXPECT_FALSE(right.ended());
  right.stream().setReading(true);
  turn();
  EXPECT_TRUE(right.ended());
  right.stream().setReading(true);
  turn();
  EXPECT_EQ(right.history(), "end");
}

TEST_F(MemoryStreamTest, DestroyingOneEndEndsTheOther) {
  left.send("bye");
  left.close();
  turn();
  EXPECT_EQ(right.received(), "bye");
  EXPECT_EQ(right.history(), "data end");
}

TEST_F(MemoryStreamTest, WritingToADestroyedEndBreaks) {
  left.close();
  turn();
  right.send("anybody?");
  EXPECT_EQ(right.history(), "end");
  turn();
  EXPECT_EQ(right.history(), "end broken:reset");
}

TEST_F(MemoryStreamTest, MayBeDestroyedWithinItsEvents) {
  right.script = [](StreamPeer& peer) { peer.close(); };
  left_stream.sent().setFragment(1);
  left.send("abc");
  turn();
  EXPECT_TRUE(right.closed());
  EXPECT_EQ(right.received(), "a");
  EXPECT_TRUE(left.ended());
}

class MemoryConnectorTest : public ::testing::Test {
 protected:
  void turn() { loop.advance(Milliseconds(0)); }

  event::Loop loop{event::Loop::Time::kManual};
  const Address address{IpAddress::v4({10, 0, 0, 1}), 80};
  std::unique_ptr<StreamPeer> server;
  MemoryConnector connector{loop, [this](std::unique_ptr<MemoryStream> stream, const Address&) {
                              server = std::make_unique<StreamPeer>(std::move(stream));
                            }};
};

TEST_F(MemoryConnectorTest, TellsOfTheConnectionBeforeAnythingElse) {
  StreamPeer client(std::move(connector.connect(address).value()));
  server->send("hello");
  EXPECT_EQ(client.history(), "");
  turn();
  EXPECT_EQ(client.history(), "connected data");
  EXPECT_EQ(connector.attempts(), std::vector{address});
}

TEST_F(MemoryConnectorTest, SendsWhatWasWrittenWhileConnecting) {
  StreamPeer client(std::move(connector.connect(address).value()));
  client.send("early");
  turn();
  EXPECT_EQ(server->received(), "early");
}

TEST_F(MemoryConnectorTest, RefusesWhenToldTo) {
  connector.setOutcome(Outcome::kRefuses);
  StreamPeer client(std::move(connector.connect(address).value()));
  client.send("early");
  EXPECT_EQ(client.history(), "");
  turn();
  EXPECT_EQ(client.history(), "broken:refused");
  EXPECT_EQ(server, nullptr);
}

TEST_F(MemoryConnectorTest, FailsAtOnceWhenToldTo) {
  connector.setOutcome(Outcome::kFails);
  EXPECT_EQ(connector.connect(address).error().code, ErrorCode::kExhausted);
}

TEST_F(MemoryConnectorTest, HasOutcomesForSingleAddresses) {
  connector.setOutcome(Address(IpAddress::v4({10, 0, 0, 2}), 80), Outcome::kFails);
  EXPECT_TRUE(connector.connect(address).ok());
  EXPECT_FALSE(connector.connect(Address(IpAddress::v4({10, 0, 0, 2}), 80)).ok());
}

TEST_F(MemoryConnectorTest, HangsUntilItIsLetGo) {
  connector.setOutcome(Outcome::kHangs);
  StreamPeer client(std::move(connector.connect(address).value()));
  client.send("patient");
  turn();
  EXPECT_EQ(client.history(), "");
  connector.finishHanging();
  turn();
  EXPECT_EQ(client.history(), "connected");
  EXPECT_EQ(server->received(), "patient");
}

TEST_F(MemoryConnectorTest, ForgetsAHangingConnectionThatWasGivenUp) {
  connector.setOutcome(Outcome::kHangs);
  { const auto given_up = connector.connect(address); }
  connector.finishHanging();
  turn();
  EXPECT_EQ(server, nullptr);
}

}  // namespace
}  // namespace weir::test
