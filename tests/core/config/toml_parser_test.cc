#include "core/config/toml_parser.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/config/toml_writer.h"

namespace weir::config {
namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string mistakeIn(const std::string& text) {
  const ParsedToml parsed = parseToml(text, 0);
  return parsed.error ? std::to_string(parsed.error->position.line) + ": " + parsed.error->what
                      : "";
}

// Each of these would overflow the parser's stack.
TEST(TomlParser, RefusesWhatIsNestedTooDeeply) {
  constexpr std::size_t kDeep = 100'000;
  EXPECT_EQ(mistakeIn("a" + repeated(".a", kDeep) + " = 1"), "1: a key with too many dots");
  EXPECT_EQ(mistakeIn("[a" + repeated(".a", kDeep) + "]"), "1: a key with too many dots");
  EXPECT_NE(mistakeIn("a = " + repeated("[", kDeep) + repeated("]", kDeep)), "");
  EXPECT_NE(mistakeIn("a = " + repeated("{ a = ", kDeep) + "1" + repeated("}", kDeep)), "");
}

// toml++ fails an assertion on these.
TEST(TomlParser, RefusesHeadersThatBeginWithADot) {
  EXPECT_NE(mistakeIn("[.a]"), "");
  EXPECT_NE(mistakeIn("[[.a]]"), "");
  EXPECT_NE(mistakeIn("[ . ]"), "");
}

// toml++ marks this case as unreachable.
TEST(TomlParser, RefusesLettersOutsideAsciiInBareKeys) {
  EXPECT_NE(mistakeIn("\u00fc = 1"), "");
  EXPECT_NE(mistakeIn("a\u00a0= 1"), "");
  EXPECT_NE(mistakeIn("a = \u0436"), "");
}

TEST(TomlParser, TakesLettersOutsideAsciiInTextsAndComments) {
  const ParsedToml parsed = parseToml("\"\u00fc\" = '\u0436' # \u3000", 0);
  EXPECT_FALSE(parsed.error.has_value());
  EXPECT_EQ(inlineToml(parsed.table), "{ \"\u00fc\" = \"\u0436\" }");
}

}  // namespace
}  // namespace weir::config
