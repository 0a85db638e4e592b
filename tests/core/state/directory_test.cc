#include "core/state/directory.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "core/state/metrics.h"
#include "tests/support/temporary_directory.h"

namespace weir::state {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StateDirectoryTest : public ::testing::Test {
 protected:
  StateDirectoryTest() { EXPECT_TRUE(directory.open(path)); }

  std::string loaded(std::string_view name) {
    const auto bytes = directory.load(name);
    return bytes.ok() ? bytes.value() : "error: " + std::string(bytes.error().detail);
  }
  std::string fileText(const std::string& name) const {
    std::ifstream file(path + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::uint64_t writeErrors() { return cells.counter(stateWriteErrorsKey()).value(); }
  // The log of what `act` does.
  template <typename Act>
  static std::string logOf(Act act) {
    ::testing::internal::CaptureStderr();
    act();
    return ::testing::internal::GetCapturedStderr();
  }

  test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/state";
  MetricCells cells;
  Directory directory{cells};
};

TEST_F(StateDirectoryTest, KeepsEntriesOverARestart) {
  EXPECT_TRUE(directory.save("keys", "one").ok());
  EXPECT_TRUE(directory.save("keys", "two").ok());
  EXPECT_TRUE(directory.save("other", "").ok());
  Directory next(cells);
  ASSERT_TRUE(next.open(path));
  EXPECT_EQ(next.load("keys").value(), "two");
  EXPECT_EQ(next.load("other").value(), "");
  EXPECT_EQ(next.load("nothing").error().code, ErrorCode::kNotFound);
}

TEST_F(StateDirectoryTest, IsReadableByItsUserOnly) {
  ASSERT_TRUE(directory.save("keys", "secret").ok());
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((path + "/keys").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(StateDirectoryTest, LeavesNoOtherFiles) {
  ASSERT_TRUE(directory.save("keys", "one").ok());
  ASSERT_TRUE(directory.save("keys", "two").ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(path), fs::directory_iterator()), 1);
}

// A write that was interrupted leaves a file of its own beside the complete one.
TEST_F(StateDirectoryTest, AnInterruptedWriteChangesNothing) {
  ASSERT_TRUE(directory.save("keys", "one").ok());
  test::writeFile(path + "/keys.new", fileText("keys").substr(0, 20));
  EXPECT_EQ(loaded("keys"), "one");
  ASSERT_TRUE(directory.save("keys", "two").ok());
  EXPECT_EQ(loaded("keys"), "two");
  EXPECT_FALSE(fs::exists(path + "/keys.new"));
}

// Readers that opened the old file read the old entry: the file is replaced, not written again.
TEST_F(StateDirectoryTest, ReplacesTheFileAsAWhole) {
  ASSERT_TRUE(directory.save("keys", "one").ok());
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::stat((path + "/keys").c_str(), &before), 0);
  std::ifstream old(path + "/keys");
  ASSERT_TRUE(directory.save("keys", "two").ok());
  ASSERT_EQ(::stat((path + "/keys").c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(old), {}), HasSubstr("one"));
}

TEST_F(StateDirectoryTest, IgnoresDamagedFilesWithAWarning) {
  ASSERT_TRUE(directory.save("keys", "some bytes").ok());
  const std::string good = fileText("keys");
  struct Damage {
    std::string text;
    std::string why;
  };
  for (const Damage& each :
       {Damage{good.substr(0, good.size() - 1), "is truncated"},
        Damage{"", "is not a state file of weir"},
        Damage{"foreign\n", "is not a state file of weir"},
        Damage{good.substr(0, good.size() - 1) + "?", "has the wrong checksum"}}) {
    test::writeFile(path + "/keys", each.text);
    const std::string log = logOf([&] { EXPECT_EQ(loaded("keys"), "error: " + each.why); });
    EXPECT_THAT(log, HasSubstr("warning ignoring " + path + "/keys: " + each.why));
  }
  EXPECT_TRUE(directory.save("keys", "again").ok());
  EXPECT_EQ(loaded("keys"), "again");
}

TEST_F(StateDirectoryTest, FollowsNoLink) {
  ASSERT_TRUE(directory.save("keys", "one").ok());
  fs::rename(path + "/keys", folder.path() + "/elsewhere");
  fs::create_symlink(folder.path() + "/elsewhere", path + "/keys");
  logOf([&] { EXPECT_FALSE(directory.load("keys").ok()); });
  fs::create_symlink(folder.path() + "/victim", path + "/other.new");
  EXPECT_TRUE(directory.save("other", "bytes").ok());
  EXPECT_FALSE(fs::exists(folder.path() + "/victim"));
}

TEST_F(StateDirectoryTest, RefusesADirectoryOfAnotherUser) {
  std::string foreign = "/";  // of root
  if (::geteuid() == 0) {
    foreign = folder.path() + "/foreign";
    fs::create_directory(foreign);
    ASSERT_EQ(::chown(foreign.c_str(), 65534, 65534), 0);
  }
  const std::string log = logOf([&] { EXPECT_FALSE(directory.open(foreign)); });
  EXPECT_THAT(log, HasSubstr("warning state directory " + foreign + ": belongs to another user"));
  EXPECT_FALSE(directory.isOpen());
  EXPECT_TRUE(directory.save("keys", "one").ok());
  EXPECT_FALSE(fs::exists(foreign + "/keys"));
}

TEST_F(StateDirectoryTest, RefusesADirectoryThatOthersCanWriteTo) {
  fs::permissions(path, fs::perms::all);
  const std::string log = logOf([&] { EXPECT_FALSE(directory.open(path)); });
  EXPECT_THAT(log, HasSubstr("can be written by other users"));
}

TEST_F(StateDirectoryTest, RefusesAFileAndAMissingParent) {
  test::writeFile(folder.path() + "/file", "");
  logOf([&] {
    EXPECT_FALSE(directory.open(folder.path() + "/file"));
    EXPECT_FALSE(directory.open(folder.path() + "/none/state"));
  });
}

TEST_F(StateDirectoryTest, CountsFailedWritesAndLogsFewOfThem) {
  fs::remove_all(path);
  const std::string log = logOf([&] {
    EXPECT_FALSE(directory.save("keys", "one").ok());
    EXPECT_FALSE(directory.save("keys", "one").ok());
  });
  EXPECT_EQ(writeErrors(), 2U);
  EXPECT_THAT(log, HasSubstr("cannot write keys"));
  EXPECT_EQ(log.find("cannot write"), log.rfind("cannot write"));
}

TEST_F(StateDirectoryTest, KeepsNothingWithoutADirectory) {
  ASSERT_TRUE(directory.open(""));
  EXPECT_TRUE(directory.save("keys", "one").ok());
  EXPECT_EQ(directory.load("keys").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(writeErrors(), 0U);
}

TEST_F(StateDirectoryTest, HasALimitForAnEntry) {
  EXPECT_TRUE(directory.save("keys", std::string(Directory::kMostBytes, 'x')).ok());
  EXPECT_EQ(directory.load("keys").value().size(), Directory::kMostBytes);
  logOf([&] {
    EXPECT_FALSE(directory.save("keys", std::string(Directory::kMostBytes + 1, 'x')).ok());
  });
  EXPECT_EQ(directory.load("keys").value().size(), Directory::kMostBytes);
}

}  // namespace
}  // namespace weir::state
