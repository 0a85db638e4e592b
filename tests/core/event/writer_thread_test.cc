#include "core/event/writer_thread.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/core/event/lines.h"
#include "tests/support/opened.h"

namespace weir::event {
namespace {

// A directory for each test.
class WriterThreadTest : public testing::Test {
 protected:
  WriterThreadTest() {
    std::string pattern = testing::TempDir() + "weir-writer-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~WriterThreadTest() override { std::filesystem::remove_all(directory_); }

  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }

  static WriteQueueHandle open(WriterThread& writer, const std::string& target) {
    return writer.open(target);
  }

 private:
  std::string directory_;
};

std::string contentsOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Waits until all queued data has left the queue.
void awaitEmpty(const WriteQueue& queue) {
  while (queue.front().has_value()) std::this_thread::yield();
}

TEST_F(WriterThreadTest, WritesWhatIsLeftWhenAQueueIsClosed) {
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    const auto queue = open(writer, path("log"));
    addLine(*queue, "one\n");
    addLine(*queue, "two\n");
  }
  EXPECT_EQ(contentsOf(path("log")), "one\ntwo\n");
}

TEST_F(WriterThreadTest, AppendsToAFileThatIsThere) {
  std::ofstream(path("log")) << "before\n";
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    addLine(*open(writer, path("log")), "after\n");
  }
  EXPECT_EQ(contentsOf(path("log")), "before\nafter\n");
}

TEST_F(WriterThreadTest, WritesWholeLinesOfTwoQueuesToOneFile) {
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    const auto first = open(writer, path("log"));
    const auto second = open(writer, path("log"));
    addLine(*first, "first\n");
    addLine(*second, "second\n");
    second->handOn();
    awaitEmpty(*second);
  }
  EXPECT_EQ(contentsOf(path("log")), "second\nfirst\n");
}

TEST_F(WriterThreadTest, OpensAFileThatCouldNotBeOpenedWhenItIsAskedTo) {
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    const auto queue = open(writer, path("late/log"));
    addLine(*queue, "lost\n");
    queue->handOn();
    awaitEmpty(*queue);
    EXPECT_EQ(queue->takeLost(), 1U);
    std::filesystem::create_directory(path("late"));
    writer.retry();
    while (!std::filesystem::exists(path("late/log"))) std::this_thread::yield();
    addLine(*queue, "written\n");
  }
  EXPECT_EQ(contentsOf(path("late/log")), "written\n");
}

TEST_F(WriterThreadTest, TriesAFileThatCouldNotBeOpenedAgain) {
  WriterThread writer(test::opened(WriterSignal::open()));
  const auto queue = open(writer, path("late/log"));
  std::filesystem::create_directory(path("late"));
  while (!std::filesystem::exists(path("late/log"))) std::this_thread::yield();  // within a second
}

TEST_F(WriterThreadTest, FollowsARotationAfterReopen) {
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    const auto queue = open(writer, path("log"));
    addLine(*queue, "old\n");
    queue->handOn();
    awaitEmpty(*queue);
    std::filesystem::rename(path("log"), path("log.1"));
    writer.reopen();
    while (!std::filesystem::exists(path("log"))) std::this_thread::yield();
    addLine(*queue, "new\n");
  }
  EXPECT_EQ(contentsOf(path("log.1")), "old\n");
  EXPECT_EQ(contentsOf(path("log")), "new\n");
}

TEST_F(WriterThreadTest, KeepsTheOldFileWhenReopeningFails) {
  std::filesystem::create_directory(path("a"));
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    const auto queue = open(writer, path("a/log"));
    std::filesystem::rename(path("a"), path("b"));
    writer.reopen();
    addLine(*queue, "still here\n");
  }
  EXPECT_EQ(contentsOf(path("b/log")), "still here\n");
}

TEST_F(WriterThreadTest, CountsLinesThatADeviceRefuses) {
  WriterThread writer(test::opened(WriterSignal::open()));
  const auto queue = open(writer, "/dev/full");
  addLine(*queue, "one\n");
  addLine(*queue, "two\n");
  queue->handOn();
  awaitEmpty(*queue);
  EXPECT_EQ(queue->takeLost(), 2U);
}

// A reader of a named pipe that has not read anything.
int openReader(const std::string& path) {
  EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
  return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

std::string fillUntilFull(WriteQueue& queue) {
  std::string sent;
  const std::string line = std::string(999, 'x') + "\n";
  for (std::span<char> room = queue.room(); !room.empty(); room = queue.room()) {
    if (room.size() < line.size()) {
      queue.handOn();
      continue;
    }
    addLine(queue, line);
    sent += line;
  }
  return sent;
}

TEST_F(WriterThreadTest, LetsASlowReaderFillOneQueueOnly) {
  const int reader = openReader(path("pipe"));
  {
    WriterThread writer(test::opened(WriterSignal::open()));
    const auto slow = open(writer, path("pipe"));
    const auto quick = open(writer, path("log"));
    fillUntilFull(*slow);
    EXPECT_TRUE(slow->room().empty());
    addLine(*quick, "not held up\n");
    quick->handOn();
    awaitEmpty(*quick);
    EXPECT_EQ(contentsOf(path("log")), "not held up\n");
  }  // ends without a reader of the pipe
  ::close(reader);
}

std::string readAll(int descriptor, std::size_t size) {
  std::string text;
  char piece[65536];
  while (text.size() < size) {
    const ssize_t count = ::read(descriptor, piece, sizeof piece);
    if (count > 0) text.append(piece, static_cast<std::size_t>(count));
    if (count <= 0) std::this_thread::yield();
  }
  return text;
}

TEST_F(WriterThreadTest, GoesOnWhenASlowReaderReads) {
  const int reader = openReader(path("pipe"));
  WriterThread writer(test::opened(WriterSignal::open()));
  const auto queue = open(writer, path("pipe"));
  const std::string sent = fillUntilFull(*queue);
  EXPECT_EQ(readAll(reader, sent.size()), sent);
  awaitEmpty(*queue);
  EXPECT_FALSE(queue->room().empty());
  EXPECT_EQ(queue->takeLost(), 0U);
  ::close(reader);
}

}  // namespace
}  // namespace weir::event
