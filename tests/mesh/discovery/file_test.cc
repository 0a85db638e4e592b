#include "mesh/discovery/file.h"

#include "core/event/file_watch.h"
#include "tests/mesh/discovery/fixture.h"
#include "tests/support/temporary_directory.h"

namespace weir::mesh {
namespace {

class FileDiscoveryTest : public DiscoveryTest {
 protected:
  ~FileDiscoveryTest() override { discovery = nullptr; }
  void startFile() { start(*makeFile({.path = path, .resolved = path})); }
  // The kernel reports a change at once; the watch waits until the file is complete.
  void change(const std::string& text) {
    test::writeFile(path + ".new", text);
    std::filesystem::rename(path + ".new", path);
    for (int look = 0; look < 2; ++look) {
      loop.runOnce();
      loop.runOnce();
      loop.advance(event::FileWatch::kSettle);
    }
  }

  test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/orders.txt";
};

TEST_F(FileDiscoveryTest, FollowsTheFile) {
  change("10.0.0.2:80 weight=2\n10.0.0.1:80\n");
  startFile();
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80*2");
  change("10.0.0.3:80");
  EXPECT_EQ(heard.endpoints(), "10.0.0.3:80");
  change("");
  EXPECT_EQ(heard.endpoints(), "");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(FileDiscoveryTest, AMistakeLeavesTheEndpointsBefore) {
  change("10.0.0.1:80");
  startFile();
  change("10.0.0.2:80\nnonsense");
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.failures[0], path + ": 2:1: is not an address such as 10.0.0.1:8080");
  change("10.0.0.2:80");
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
}

TEST_F(FileDiscoveryTest, TheFileMayComeLater) {
  startFile();
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.failures[0], path + ": No such file or directory");
  change("10.0.0.2:80");
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
}

struct OneFile {
  FileSettings file;
  static void read(config::Table& table, OneFile& out) { table.read("file", out.file, "A file."); }
};

TEST_F(FileDiscoveryTest, ACheckWarnsOfAFileThatCannotBeUsed) {
  EXPECT_EQ(mistakesIn<OneFile>("file = '" + path + "'"),
            "test:1:8: warning: file.path: cannot be used yet: " + path +
                ": No such file or directory\n");
  change("10.0.0.1:80");
  EXPECT_EQ(mistakesIn<OneFile>("file = '" + path + "'"), "");
}

TEST_F(FileDiscoveryTest, SourcesDifferByPathAndFormat) {
  const auto identity = [](FileSettings settings) { return makeFile(settings)->identity(); };
  const std::string plain = identity({.path = "a", .resolved = "/x/a"});
  EXPECT_EQ(plain, identity({.path = "a", .resolved = "/x/a"}));
  EXPECT_NE(plain, identity({.path = "a", .resolved = "/y/a"}));
  EXPECT_NE(plain, identity({.path = "a", .format = EndpointFormat::kJson, .resolved = "/x/a"}));
}

}  // namespace
}  // namespace weir::mesh
