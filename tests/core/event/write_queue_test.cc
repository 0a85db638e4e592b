#include "core/event/write_queue.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "tests/core/event/lines.h"
#include "tests/support/opened.h"

namespace weir::event {
namespace {

std::string takeBlock(WriteQueue& queue) {
  const auto block = queue.front();
  if (!block) return "nothing";
  std::string text(*block);
  queue.pop(true);
  return text;
}

void handOnBlocks(WriteQueue& queue, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    addLine(queue, "x\n");
    queue.handOn();
  }
}

TEST(WriteQueue, KeepsLinesUntilTheyAreHandedOn) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  addLine(queue, "one\n");
  addLine(queue, "two\n");
  EXPECT_EQ(queue.filled(), 8U);
  EXPECT_FALSE(queue.front().has_value());
  queue.handOn();
  EXPECT_EQ(queue.filled(), 0U);
  EXPECT_EQ(takeBlock(queue), "one\ntwo\n");
  EXPECT_FALSE(queue.front().has_value());
}

TEST(WriteQueue, DeliversBlocksInOrder) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  addLine(queue, "first\n");
  queue.handOn();
  addLine(queue, "second\n");
  queue.handOn();
  EXPECT_EQ(takeBlock(queue), "first\n");
  EXPECT_EQ(takeBlock(queue), "second\n");
}

TEST(WriteQueue, HandsOnNothingWhenThereIsNothing) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  queue.handOn();
  EXPECT_FALSE(queue.front().has_value());
}

TEST(WriteQueue, HasNoRoomWhenEveryBlockWaits) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  handOnBlocks(queue, WriteQueue::kBlocks);
  EXPECT_TRUE(queue.room().empty());
  EXPECT_EQ(takeBlock(queue), "x\n");
  EXPECT_EQ(queue.room().size(), WriteQueue::kBlockBytes);
}

TEST(WriteQueue, ReusesTheBufferOfABlockThatWasWritten) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  const char* const first = queue.room().data();
  handOnBlocks(queue, 1);
  takeBlock(queue);
  EXPECT_EQ(queue.room().data(), first);
  handOnBlocks(queue, 1);
  EXPECT_NE(queue.room().data(), first);  // its block is still queued
  takeBlock(queue);
  handOnBlocks(queue, 1);
  EXPECT_EQ(queue.room().data(), first);
}

TEST(WriteQueue, CountsTheLinesThatCouldNotBeWritten) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  addLine(queue, "one\n");
  addLine(queue, "two\n");
  queue.handOn();
  queue.pop(false);
  EXPECT_EQ(queue.takeLost(), 2U);
  EXPECT_EQ(queue.takeLost(), 0U);
}

TEST(WriteQueue, IsFinishedWhenClosedAndEmpty) {
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  WriteQueueHandle handle(&queue);
  addLine(queue, "last\n");
  EXPECT_FALSE(queue.finished());
  handle.reset();
  EXPECT_FALSE(queue.finished());
  EXPECT_EQ(takeBlock(queue), "last\n");
  EXPECT_TRUE(queue.finished());
}

TEST(WriteQueue, LosesAndMixesNothingBetweenTwoThreads) {
  constexpr int kLines = 20'000;
  WriterSignal signal = test::opened(WriterSignal::open());
  WriteQueue queue(signal);
  std::thread filler([&] {
    for (int line = 0; line < kLines; ++line) {
      while (queue.room().empty()) std::this_thread::yield();
      addLine(queue, std::to_string(line) + "\n");
      if (line % 7 == 0) queue.handOn();
    }
    queue.close();
  });
  std::string written;
  while (!queue.finished()) {
    if (queue.front()) written += takeBlock(queue);
  }
  filler.join();
  std::string expected;
  for (int line = 0; line < kLines; ++line) expected += std::to_string(line) + "\n";
  EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace weir::event
