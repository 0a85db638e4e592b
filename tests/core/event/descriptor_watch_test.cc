#include "core/event/descriptor_watch.h"

#include <array>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/event/loop.h"
#include "tests/support/opened.h"

namespace weir::event {
namespace {

class DescriptorWatchTest : public ::testing::Test {
 protected:
  DescriptorWatchTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    watch = test::opened(DescriptorWatch::open(loop, ends[0], [this](bool readable, bool writable) {
      reads += readable ? 1 : 0;
      writes += writable ? 1 : 0;
      if (then) then();
    }));
  }
  ~DescriptorWatchTest() override {
    watch.reset();
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void sendByte() { EXPECT_EQ(::write(ends[1], "x", 1), 1); }

  Loop loop{Loop::Time::kManual};
  std::array<int, 2> ends{};
  int reads = 0;
  int writes = 0;
  std::function<void()> then;
  std::unique_ptr<DescriptorWatch> watch;
};

TEST_F(DescriptorWatchTest, RestsUntilItIsToldWhatToWatch) {
  sendByte();
  loop.runOnce();
  EXPECT_EQ(reads + writes, 0);
}

TEST_F(DescriptorWatchTest, TellsWhenThereIsSomethingToRead) {
  watch->watch(true, false);
  loop.runOnce();
  EXPECT_EQ(reads, 0);
  sendByte();
  loop.runOnce();
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(writes, 0);
}

TEST_F(DescriptorWatchTest, TellsWhenThereIsRoomToWrite) {
  watch->watch(false, true);
  loop.runOnce();
  EXPECT_EQ(reads, 0);
  EXPECT_GE(writes, 1);
}

TEST_F(DescriptorWatchTest, RestsAgain) {
  watch->watch(true, true);
  sendByte();
  watch->watch(false, false);
  loop.runOnce();
  EXPECT_EQ(reads + writes, 0);
}

TEST_F(DescriptorWatchTest, TellsOfAPeerThatIsGone) {
  watch->watch(true, false);
  ::shutdown(ends[1], SHUT_RDWR);
  loop.runOnce();
  EXPECT_GE(reads, 1);
}

TEST_F(DescriptorWatchTest, MayBeDestroyedWithinItsCall) {
  then = [this] { watch.reset(); };
  watch->watch(true, true);
  sendByte();
  loop.runOnce();
  loop.runOnce();
  EXPECT_EQ(writes, 1);
}

TEST_F(DescriptorWatchTest, MakesRoomForAnotherOnTheSameDescriptor) {
  watch->watch(true, false);
  watch.reset();
  watch = test::opened(DescriptorWatch::open(loop, ends[0], [this](bool, bool) { reads += 100; }));
  watch->watch(true, false);
  sendByte();
  loop.runOnce();
  EXPECT_EQ(reads, 100);
}

}  // namespace
}  // namespace weir::event
