#include "core/config/document.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/config/toml_writer.h"
#include "tests/core/config/sample.h"

namespace weir::config {
namespace {

namespace fs = std::filesystem;

// A directory for each test, removed at the end.
class DocumentTest : public testing::Test {
 protected:
  DocumentTest()
      : root_(testing::TempDir() + "weir_document_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~DocumentTest() override { fs::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + "/" + name; }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  Document load(const std::string& name = "") {
    return Document::load(name.empty() ? root_ : path(name), diagnostics_);
  }
  // The diagnostics without the directory.
  std::string diagnostics() const {
    std::string text = diagnostics_.text();
    for (std::size_t at = text.find(root_); at != std::string::npos; at = text.find(root_)) {
      text.erase(at, root_.size());
    }
    return text;
  }

  const std::string root_;
  Diagnostics diagnostics_;
};

TEST_F(DocumentTest, IsOneFile) {
  write("weir.toml", "a = 1\n[b]\nc = 'x'\n");
  const Document document = load("weir.toml");
  EXPECT_EQ(diagnostics(), "");
  EXPECT_TRUE(document.complete());
  EXPECT_EQ(tomlText(document.root()), "a = 1\n\n[b]\nc = \"x\"\n");
  EXPECT_EQ(document.files(), std::vector<std::string>{path("weir.toml")});
}

TEST_F(DocumentTest, KeepsTheOrderOfTheFile) {
  const std::string text = "z = 1\na = 2\n\n[y]\nk = 1\n\n[b]\nc = 1\n";
  EXPECT_EQ(tomlText(Document::parse(text, "x", diagnostics_).root()), text);
}

TEST_F(DocumentTest, AFileThatCannotBeReadIsAMistake) {
  fs::create_directories(path("directory.toml"));
  EXPECT_FALSE(load("none.toml").complete());
  EXPECT_EQ(diagnostics(), "/none.toml: cannot be read: No such file or directory\n");
}

TEST_F(DocumentTest, ADirectoryHasOneAtLeast) {
  write("notes.txt", "?");
  write(".hidden.toml", "?");
  EXPECT_FALSE(load().complete());
  EXPECT_EQ(diagnostics(), ": has no *.toml file\n");
}

TEST_F(DocumentTest, AFolderNamedLikeAFileIsAMistake) {
  fs::create_directories(path("a.toml"));
  EXPECT_FALSE(load().complete());
  EXPECT_EQ(diagnostics(), "/a.toml: cannot be read: not a regular file\n");
}

TEST_F(DocumentTest, FilesOfADirectoryUniteInTheOrderOfTheirNames) {
  write("20.toml", "[[route]]\nname = 'second'\n[upstream.b]\nx = 1\n[log.file]\npath = 'x'\n");
  write("10.toml", "port = 1\n[[route]]\nname = 'first'\n[upstream.a]\nx = 1\n");
  write("30.toml", "[log]\nlevel = 'info'\n[[route]]\nname = 'third'\n");
  const Document document = load();
  EXPECT_EQ(diagnostics(), "");
  EXPECT_EQ(tomlText(document.root()),
            "port = 1\n\n[[route]]\nname = \"first\"\n\n[[route]]\nname = \"second\"\n\n"
            "[[route]]\nname = \"third\"\n\n[upstream.a]\nx = 1\n\n[upstream.b]\nx = 1\n\n"
            "[log]\nfile = { path = \"x\" }\nlevel = \"info\"\n");
  EXPECT_EQ(document.files(),
            (std::vector<std::string>{path("10.toml"), path("20.toml"), path("30.toml")}));
}

TEST_F(DocumentTest, AKeyInTwoFilesIsAMistakeThatNamesBoth) {
  write("a.toml", "port = 1\nwords = ['a']\n[log]\nlevel = 'x'\n");
  write("b.toml", "words = ['b']\n  port = 1\nlog = 1\n");
  write("c.toml", "[log]\nlevel = 'y'\n");
  EXPECT_FALSE(load().complete());
  EXPECT_EQ(diagnostics(),
            "/b.toml:1:1: words: already given at /a.toml:2:1\n"
            "/b.toml:2:3: port: already given at /a.toml:1:1\n"
            "/b.toml:3:1: log: already given at /a.toml:3:2\n"
            "/c.toml:1:2: log: already given at /a.toml:3:2\n");
}

TEST_F(DocumentTest, AKeyOfATableInTwoFilesNamesItsPath) {
  write("a.toml", "[upstream.x]\nport = 1\n");
  write("b.toml", "[upstream.x]\nport = 1\n");
  load();
  EXPECT_EQ(diagnostics(), "/b.toml:2:1: upstream.x.port: already given at /a.toml:2:1\n");
}

TEST_F(DocumentTest, EachFileReportsItsSyntaxError) {
  write("a.toml", "a = \n");
  write("b.toml", "b = 1\n");
  write("c.toml", "[c\n");
  const Document document = load();
  EXPECT_FALSE(document.complete());
  EXPECT_EQ(diagnostics_.size(), 2U);
  EXPECT_EQ(diagnostics_.sorted()[0].location.file, path("a.toml"));
  EXPECT_EQ(diagnostics_.sorted()[1].location.file, path("c.toml"));
}

TEST_F(DocumentTest, TheSameKeyTwiceInAFileIsAMistake) {
  EXPECT_FALSE(Document::parse("a = 1\na = 2\n", "x", diagnostics_).complete());
  EXPECT_EQ(diagnostics_.size(), 1U);
  EXPECT_EQ(diagnostics_.sorted()[0].location.line, 2U);
}

TEST_F(DocumentTest, LinksAreFollowed) {
  fs::create_directories(path("..data"));
  write("..data/weir.toml", "a = 1\n");
  fs::create_symlink("..data/weir.toml", path("weir.toml"));
  EXPECT_EQ(tomlText(load().root()), "a = 1\n");
  EXPECT_EQ(diagnostics(), "");
}

struct Locked {
  Secret token;
  File certificate;
  static void read(Table& table, Locked& out) {
    table.read("token", out.token, "A secret.");
    table.read("certificate", out.certificate, "A file.");
  }
};

TEST_F(DocumentTest, SecretsComeFromFilesBesideTheDocument) {
  fs::create_directories(path("keys"));
  write("keys/token", "hush\n");
  write("weir.toml", "token = { file = 'keys/token' }\ncertificate = 'keys/../edge.crt'\n");
  Document document = load("weir.toml");
  Locked locked;
  EXPECT_TRUE(readSettings(document, Extensions(), locked, diagnostics_)) << diagnostics();
  EXPECT_EQ(locked.token.reveal(), "hush");
  EXPECT_EQ(locked.certificate.path, path("edge.crt"));
  EXPECT_EQ(document.files(),
            (std::vector<std::string>{path("weir.toml"), path("keys/token"), path("edge.crt")}));
}

TEST_F(DocumentTest, ASecretInAMissingFileIsWatchedToo) {
  write("weir.toml", "token = { file = 'none' }\n");
  Document document = load("weir.toml");
  Locked locked;
  EXPECT_FALSE(readSettings(document, Extensions(), locked, diagnostics_));
  EXPECT_EQ(diagnostics(),
            "/weir.toml:1:18: token.file: cannot read /none: No such file or directory\n");
  EXPECT_EQ(document.files().back(), path("none"));
}

std::string tokenMistake(const std::string& token) {
  Diagnostics diagnostics;
  Document document = Document::parse("token = " + token, "x", diagnostics);
  Locked locked;
  readSettings(document, Extensions(), locked, diagnostics);
  return diagnostics.text();
}

TEST_F(DocumentTest, SecretsComeFromTheEnvironment) {
  ASSERT_EQ(setenv("WEIR_DOCUMENT_TEST_TOKEN", "hush", 1), 0);
  Document document =
      Document::parse("token = { env = 'WEIR_DOCUMENT_TEST_TOKEN' }", "x", diagnostics_);
  Locked locked;
  EXPECT_TRUE(readSettings(document, Extensions(), locked, diagnostics_));
  EXPECT_EQ(locked.token.reveal(), "hush");
  EXPECT_EQ(tokenMistake("{ env = 'WEIR_DOCUMENT_TEST_NONE' }"),
            "x:1:17: token.env: no such environment variable: \"WEIR_DOCUMENT_TEST_NONE\"\n");
}

TEST_F(DocumentTest, OtherFormsOfSecretsAreRefusedWithoutShowingThem) {
  EXPECT_EQ(tokenMistake("5"),
            "x:1:9: token: expected a string, { file = \"...\" } or { env = \"...\" }, found an "
            "integer\n");
  EXPECT_EQ(tokenMistake("{ key = 'hush' }"),
            "x:1:9: token: expected a string, { file = \"...\" } or { env = \"...\" }, found a "
            "table\n");
  EXPECT_EQ(tokenMistake("{ file = 'a', env = 'b' }"),
            "x:1:9: token: expected a string, { file = \"...\" } or { env = \"...\" }, found a "
            "table\n");
  EXPECT_EQ(tokenMistake("{ file = 5 }"),
            "x:1:18: token.file: expected a string, found an integer\n");
}

TEST_F(DocumentTest, APlaceOutsideAnyFileIsEmpty) {
  EXPECT_EQ(Document::parse("", "x", diagnostics_).location({7, 0, 0}).text(), "");
}

}  // namespace
}  // namespace weir::config
