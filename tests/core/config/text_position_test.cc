#include "core/config/text_position.h"

#include <string>

#include <gtest/gtest.h>

#include "core/config/document.h"

namespace weir::config {
namespace {

// "line:column" of the first character of `part` in the value of the key `a`.
std::string placeOf(std::string_view part, const std::string& toml) {
  Diagnostics diagnostics;
  const Document document = Document::parse(toml, "weir.toml", diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  const Value* const value = document.root().find("a");
  const std::size_t offset = value->as<std::string>()->find(part);
  EXPECT_NE(offset, std::string::npos);
  const Location location = document.locationInString(value->position(), offset);
  return std::to_string(location.line) + ":" + std::to_string(location.column);
}

TEST(TextPosition, CountsTheCharactersOfAString) {
  EXPECT_EQ(placeOf("x", "a = \"x\""), "1:6");
  EXPECT_EQ(placeOf("x", "\n\n  a = 'abx'"), "3:10");
  EXPECT_EQ(placeOf("x", "a = '\xC3\xA9x'"), "1:7");
}

TEST(TextPosition, FollowsEscapes) {
  EXPECT_EQ(placeOf("x", R"(a = "\"x\"")"), "1:8");
  EXPECT_EQ(placeOf("x", R"(a = "\\\\x")"), "1:10");
  EXPECT_EQ(placeOf("x", R"(a = "\u00e9\u20acx")"), "1:18");
  EXPECT_EQ(placeOf("x", R"(a = "\U0001F600x")"), "1:16");
  EXPECT_EQ(placeOf("x", R"(a = '\u00e9x')"), "1:12");
}

TEST(TextPosition, FollowsLines) {
  EXPECT_EQ(placeOf("x", "a = \"\"\"x\"\"\""), "1:8");
  EXPECT_EQ(placeOf("x", "a = \"\"\"\nx\"\"\""), "2:1");
  EXPECT_EQ(placeOf("x", "a = '''\r\nab\n  x'''"), "3:3");
  EXPECT_EQ(placeOf("x", "a = \"\"\"\nab \\\n\n   x\"\"\""), "4:4");
}

TEST(TextPosition, OfTheEndIsAfterTheLastCharacter) {
  Diagnostics diagnostics;
  const Document document = Document::parse("a = 'ab'", "weir.toml", diagnostics);
  EXPECT_EQ(document.locationInString(document.root().find("a")->position(), 2).column, 8U);
}

TEST(TextPosition, IsThatOfTheValueIfItIsNotInTheText) {
  EXPECT_EQ(positionInString("", {0, 1, 5}, 3).column, 5U);
  EXPECT_EQ(positionInString("a = 17", {0, 1, 5}, 3).column, 5U);
  EXPECT_EQ(positionInString("a = 'b'", {0, 9, 5}, 3).line, 9U);
}

}  // namespace
}  // namespace weir::config
