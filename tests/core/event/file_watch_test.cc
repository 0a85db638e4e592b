#include "core/event/file_watch.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/event/loop.h"

namespace weir::event {
namespace {

namespace fs = std::filesystem;
constexpr Milliseconds kSettle{100};

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    std::string name = (fs::temp_directory_path() / "weir-watch-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    write("weir.toml", "a");
    watch_.watch({(folder_ / "weir.toml").string()});
    settle();
    EXPECT_EQ(changes_, 0);
  }
  ~FileWatchTest() override {
    watch_.watch({});
    loop_.runOnce();
    fs::remove_all(folder_);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  // The kernel reports changes at once; the watch waits until they stop, and checks twice.
  void settle() {
    look();
    look();
  }
  void look() {
    loop_.runOnce();
    loop_.runOnce();
    loop_.advance(kSettle);
  }

  fs::path folder_;
  int changes_ = 0;
  Loop loop_{Loop::Time::kManual};
  FileWatch watch_{loop_, kSettle, [this] { ++changes_; }};
};

TEST_F(FileWatchTest, TellsOnceOfABurstOfChanges) {
  write("weir.toml", "bb");
  write("weir.toml", "ccc");
  settle();
  EXPECT_EQ(changes_, 1);
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, WaitsForAFileThatIsBeingWritten) {
  for (const char* text : {"b", "bb", "bbb", "bbbb"}) {
    write("weir.toml", text);
    look();
    EXPECT_EQ(changes_, 0) << text;
  }
  look();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, TellsOfChangesThatDoNotEnd) {
  std::string text = "a";
  for (int i = 0; i < 19; ++i) {
    write("weir.toml", text += "b");
    loop_.runOnce();
    loop_.runOnce();
    loop_.advance(kSettle / 2);
  }
  EXPECT_EQ(changes_, 0);
  for (int i = 0; i < 4; ++i) {
    write("weir.toml", text += "b");
    loop_.runOnce();
    loop_.runOnce();
    loop_.advance(kSettle / 2);
  }
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, SaysNothingOfAChangeThatWasTakenBack) {
  fs::rename(folder_ / "weir.toml", folder_ / "aside");
  look();
  fs::rename(folder_ / "aside", folder_ / "weir.toml");
  settle();
  EXPECT_EQ(changes_, 0);
}

TEST_F(FileWatchTest, SeesAFileThatIsWrittenThroughAnotherPath) {
  fs::create_directory(folder_ / "elsewhere");
  fs::create_hard_link(folder_ / "weir.toml", folder_ / "elsewhere" / "weir.toml");
  settle();
  write("elsewhere/weir.toml", "bb");
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, IsSilentAboutOtherFilesOfTheFolder) {
  write("weir.log", "a line");
  settle();
  EXPECT_EQ(changes_, 0);
}

TEST_F(FileWatchTest, TellsOfAFileThatIsPutInItsPlace) {
  write("fresh.toml", "a");
  fs::rename(folder_ / "fresh.toml", folder_ / "weir.toml");
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, TellsOfAFileThatIsGone) {
  fs::remove(folder_ / "weir.toml");
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, IsSilentAboutWhatIsKnownAlready) {
  write("weir.toml", "bb");
  watch_.mark();
  settle();
  EXPECT_EQ(changes_, 0);
}

TEST_F(FileWatchTest, SeesAChangeMadeWhileItWasSetAnew) {
  const std::string path = (folder_ / "weir.toml").string();
  watch_.watch({});
  watch_.watch({path});
  write("weir.toml", "bb");
  watch_.watch({path});
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, FollowsALinkThatIsSwapped) {
  fs::create_directory(folder_ / "one");
  fs::create_directory(folder_ / "two");
  write("one/weir.toml", "a");
  write("two/weir.toml", "a");
  fs::create_directory_symlink("one", folder_ / "data");
  fs::create_symlink("data/weir.toml", folder_ / "linked.toml");
  watch_.watch({(folder_ / "linked.toml").string()});
  settle();
  EXPECT_EQ(changes_, 0);
  fs::create_directory_symlink("two", folder_ / "fresh");
  fs::rename(folder_ / "fresh", folder_ / "data");
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, OfOneFileFollowsEverySwapOfALink) {
  for (const std::string name : {"one", "two", "three"}) {
    fs::create_directory(folder_ / name);
    write(name + "/weir.toml", name);
  }
  fs::create_directory_symlink("one", folder_ / "data");
  int changes = 0;
  const FileWatch watch(loop_, (folder_ / "data" / "weir.toml").string(), [&] { ++changes; });
  settle();
  EXPECT_EQ(changes, 0);
  for (const std::string next : {"two", "three"}) {
    fs::create_directory_symlink(next, folder_ / "fresh");
    fs::rename(folder_ / "fresh", folder_ / "data");
    settle();
  }
  EXPECT_EQ(changes, 2);
  write("three/weir.toml", "changed in place");
  settle();
  EXPECT_EQ(changes, 3);
}

TEST_F(FileWatchTest, MayBeDestroyedByItsCallback) {
  std::unique_ptr<FileWatch> watch;
  watch = std::make_unique<FileWatch>(loop_, (folder_ / "weir.toml").string(),
                                      [&watch] { watch = nullptr; });
  write("weir.toml", "changed");
  settle();
  EXPECT_EQ(watch, nullptr);
}

// A directory that does not exist cannot be watched: only the regular comparison finds the file.
TEST_F(FileWatchTest, FindsAChangeThatWasNotReported) {
  int changes = 0;
  const FileWatch watch(loop_, (folder_ / "later" / "weir.toml").string(), [&] { ++changes; });
  settle();
  fs::create_directory(folder_ / "later");
  write("later/weir.toml", "a");
  settle();
  EXPECT_EQ(changes, 0);
  loop_.advance(FileWatch::kPoll);
  settle();
  EXPECT_EQ(changes, 1);
  write("later/weir.toml", "changed");
  settle();
  EXPECT_EQ(changes, 2);
}

}  // namespace
}  // namespace weir::event
