#include "core/config/toml_format.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "core/config/file_text.h"

namespace weir::config {
namespace {

std::string formatted(std::string_view text) {
  const FormattedToml result = formatToml(text);
  EXPECT_FALSE(result.error) << result.error->what;
  EXPECT_EQ(formatToml(result.text).text, result.text) << "formatting again changes it";
  return result.text;
}

TEST(TomlFormat, SettingsBeginAtTheMarginWithOneSpaceAroundTheSign) {
  EXPECT_EQ(formatted("  a=1\n\tb  =\"x = y\"  \n'c d' . e=[ ]\nf = {}"),
            "a = 1\nb = \"x = y\"\n'c d'.e = []\nf = {}\n");
}

TEST(TomlFormat, AHeaderFollowsOneBlankLineTogetherWithItsComment) {
  EXPECT_EQ(formatted("\n\n# file\na = 1\n[ b . c ]\nd = 1\n\n\n\n# about e\n[[ e ]]\n# f\n"),
            "# file\na = 1\n\n[b.c]\nd = 1\n\n# about e\n[[e]]\n# f\n");
  EXPECT_EQ(formatted("[a]\n[b]\n[ab.c]"), "[a]\n\n[b]\n\n[ab.c]\n");
  EXPECT_EQ(formatted("[[a]]\n[a.b]\n\n[a.b.c]"), "[[a]]\n[a.b]\n\n[a.b.c]\n");
  EXPECT_EQ(formatted("# one\n[a]"), "# one\n[a]\n");
}

TEST(TomlFormat, BlankLinesAndCommentsBetweenSettingsRemain) {
  EXPECT_EQ(formatted("a = 1\n\n\n\n  # b \nb = 2\n#c\n\n"), "a = 1\n\n# b\nb = 2\n#c\n");
}

TEST(TomlFormat, CommentsAreAlignedWithinAParagraph) {
  EXPECT_EQ(formatted("a = 1 # one\nlonger = \"\xC3\xA9\" # two\n\nc = 3    #three\n"),
            "a = 1         # one\nlonger = \"\xC3\xA9\"  # two\n\nc = 3  #three\n");
  EXPECT_EQ(formatted("[a]# head\nb = 1# one\nc = 2\nlonger = 3# three\n"),
            "[a]         # head\nb = 1       # one\nc = 2\nlonger = 3  # three\n");
}

TEST(TomlFormat, ValuesOnOneLineRemainThere) {
  EXPECT_EQ(formatted("a=[ 1,2 , [3,],{x=1,y={ z=[ ] } } ]"),
            "a = [1, 2, [3], { x = 1, y = { z = [] } }]\n");
  EXPECT_EQ(formatted("when = 2027-01-31 10:00:00Z  "), "when = 2027-01-31 10:00:00Z\n");
}

TEST(TomlFormat, AListThatSpansLinesHasOneElementPerLine) {
  EXPECT_EQ(formatted("a = [ # first\n1, 2 # two\n\n\n  # last\n] # end\n"),
            "a = [\n  # first\n  1,\n  2,  # two\n\n  # last\n]  # end\n");
  EXPECT_EQ(formatted("a = { b = [[1,\n2],3] }"),
            "a = { b = [\n  [\n    1,\n    2,\n  ],\n  3,\n] }\n");
}

TEST(TomlFormat, ALongListGetsOneLinePerElement) {
  const std::string word = "\"" + std::string(70, 'x') + "\"";
  EXPECT_EQ(formatted("a = [" + word + "," + word + "]"),
            "a = [\n  " + word + ",\n  " + word + ",\n]\n");
}

TEST(TomlFormat, StringsAreNotChanged) {
  for (const char* text :
       {R"(a = "# no \" comment, [ ] = ")", "a = '''\n  [x]  \n # y ''''",
        "a = \"\"\"x \\\"\"\" \n\t = \"\" \"\"\"\"\"", R"(a = '\')", R"("a # b".'c]' = "}")"}) {
    EXPECT_EQ(formatted(text), std::string(text) + "\n");
  }
  EXPECT_EQ(formatted("[ \"a]\" . 'b' ]"), "[\"a]\".'b']\n");
}

TEST(TomlFormat, ForeignLineEndsAndMarksAreRemoved) {
  EXPECT_EQ(formatted("\xEF\xBB\xBF# a\r\nb = [ 1,\r\n 2 ]\r\n\r\n"),
            "# a\nb = [\n  1,\n  2,\n]\n");
  EXPECT_EQ(formatted(""), "");
}

TEST(TomlFormat, AMistakeIsReportedWithItsPosition) {
  const FormattedToml result = formatToml("a = 1\nb = \n");
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->position.line, 2U);
  EXPECT_EQ(result.text, "");
}

TEST(TomlFormat, TheConfigurationsOfThisRepositoryAreFormatted) {
  for (const auto& entry : std::filesystem::directory_iterator("configs")) {
    if (entry.path().extension() != ".toml") continue;
    const FileText file = readFileText(entry.path().string());
    EXPECT_EQ(formatted(file.text), file.text) << entry.path();
  }
}

}  // namespace
}  // namespace weir::config
