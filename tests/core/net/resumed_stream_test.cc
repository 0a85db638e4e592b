#include "core/net/resumed_stream.h"

#include <gtest/gtest.h>

#include "tests/support/memory_stream.h"
#include "tests/support/stream_peer.h"

namespace weir::net {
namespace {

using test::MemoryStream;
using test::StreamPeer;

class ResumedStreamTest : public ::testing::Test {
 protected:
  void turn() { loop.advance(Milliseconds(0)); }

  event::Loop loop{event::Loop::Time::kManual};
  MemoryStream::Pair pair = MemoryStream::makePair(loop);
  StreamPeer far{std::move(pair.first)};
  std::unique_ptr<Stream> resumed =
      std::make_unique<ResumedStream>(loop, std::move(pair.second), asBytes("before "));
};

TEST_F(ResumedStreamTest, TellsWhatWasReadFirst) {
  StreamPeer near(std::move(resumed));
  EXPECT_EQ(near.received(), "");  // never during a call
  far.send("after");
  far.end();
  turn();
  EXPECT_EQ(near.received(), "before after");
  EXPECT_EQ(near.history(), "data end");
}

TEST_F(ResumedStreamTest, WaitsUntilSomebodyReads) {
  StreamPeer near(std::move(resumed), false);
  turn();
  EXPECT_EQ(near.received(), "");
  near.stream().setReading(true);
  turn();
  EXPECT_EQ(near.received(), "before ");
}

TEST_F(ResumedStreamTest, KeepsWhatIsNotWantedYet) {
  StreamPeer near(std::move(resumed));
  near.script = [](StreamPeer& peer) { peer.stream().setReading(false); };
  far.send("after");
  turn();
  EXPECT_EQ(near.received(), "before ");
  near.stream().setReading(true);
  turn();
  EXPECT_EQ(near.received(), "before after");
}

TEST_F(ResumedStreamTest, WritesThrough) {
  StreamPeer near(std::move(resumed));
  near.send("answer");
  near.end();
  turn();
  EXPECT_EQ(far.received(), "answer");
  EXPECT_TRUE(far.ended());
}

}  // namespace
}  // namespace weir::net
