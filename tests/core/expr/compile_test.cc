#include "core/expr/compile.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/expr/evaluation.h"

namespace weir::expr {
namespace {

TEST(Compile, SuggestsNames) {
  expectAll({{"any.nmber == 7", "0: there is no variable \"any.nmber\" (any.number)"},
             {"t && header.host == s", "5: there is no variable \"header\" (headers)"},
             {"an.number == 7", "0: there is no variable \"an\" (any.number)"},
             {"source.number == 7", "0: there is no variable \"source\" (any.number)"},
             {"s.startWith(\"H\")", "2: there is no function \"startWith\" (startsWith)"},
             {"ints.exist(n, true)", "5: there is no function \"exist\" (exists)"},
             {"strin(i)", "0: there is no function \"strin\" (string)"},
             {"t & f", "2: an unexpected character (&&)"},
             {"i = 7", "2: an unexpected character (==)"}});
}

TEST(Compile, ChecksTypes) {
  expectAll(
      {{"i + s", "2: no operator \"+\" for int and string"},
       {"i + x", "2: no operator \"+\" for int and double"},
       {"s == 1", "2: no operator \"==\" for string and int"},
       {"s < 1", "2: no operator \"<\" for string and int"},
       {"x % 2.0", "2: no operator \"%\" for double and double"},
       {"headers == headers", "8: no operator \"==\" for map(string) and map(string)"},
       {"s in ints", "2: no operator \"in\" for string and list(int)"},
       {"i in headers", "2: no operator \"in\" for int and map(string)"},
       {"!i", "0: no operator \"!\" for int"},
       {"-s", "0: no operator \"-\" for string"},
       {"i && t", "0: \"&&\" needs a bool, not int"},
       {"t || s", "5: \"||\" needs a bool, not string"},
       {"i ? 1 : 2", "0: \"?\" needs a bool, not int"},
       {"t ? 1 : s", "8: both results of a choice must have the same type, not int and string"},
       {"s.startsWith(i)", "2: expected text.startsWith(start), found types string, int"},
       {"i.startsWith(s)", "2: expected text.startsWith(start), found types int, string"},
       {"s.startsWith()", "2: expected text.startsWith(start), found types string"},
       {"size()", "0: expected size(value), found types none"},
       {"s.host", "2: string has no member \"host\""},
       {"s[0]", "2: string has no elements"},
       {"ints[s]", "5: the index of list(int) must be int, not string"},
       {"headers[1]", "8: the index of map(string) must be string, not int"},
       {"header_values(1)", "14: \"header_values\" needs a string, not int"},
       {"s.exists(n, true)", "2: \"exists\" needs a list, not string"},
       {"ints.exists(n, n)", "15: \"exists\" needs a bool, not int"},
       {"has(i + 1)",
        "4: has() needs a variable or a member such as a.b; write \"b\" in a for "
        "a[\"b\"]"},
       {"has(headers[\"host\"])",
        "4: has() needs a variable or a member such as a.b; write \"b\" in a for a[\"b\"]"}});
}

TEST(Compile, SaysWhereTheSyntaxIsWrong) {
  expectAll({{"", "0: the expression ends where a value is expected"},
             {"i ==", "4: the expression ends where a value is expected"},
             {"(i == 7", "7: expected \")\""},
             {"i == 7)", "6: unexpected \")\""},
             {"i == 7 8", "7: unexpected \"8\""},
             {"ints[0", "6: expected \"]\""},
             {"[1 2]", "3: expected \",\" or \"]\", found \"2\""},
             {"s.startsWith(\"H\"", "16: expected \",\" or \")\""},
             {"t ? 1", "5: expected \":\""},
             {"s.", "2: expected a name after \".\""},
             {"any", "0: \"any\" is not a value, but the beginning of names"},
             {"any.1", "0: \"any\" is not a value, but the beginning of names"},
             {"\"abc", "0: a string without its closing quotation mark"},
             {"\"a\nb\"", "0: a string without its closing quotation mark"},
             {R"("\q")", "1: an unknown escape sequence; write \\\\ for a backslash"},
             {R"("\ud800")", "1: an unknown escape sequence; write \\\\ for a backslash"},
             {"7u", "1: a number cannot be followed by a letter"},
             {"1e", "0: an exponent needs digits"},
             {"9223372036854775808", "0: an integer out of range"},
             {"-9223372036854775809", "0: an integer out of range"},
             {"1e999", "0: a number out of range"},
             {"{1: 2}", "1: the keys of a map must be strings, not int"},
             {"{\"a\"}", "4: expected \":\", found \"}\""},
             {"{\"a\": 1", "7: expected \",\" or \"}\""},
             {"{\"a\": 1, \"a\": 2}", "0: a key that the map has twice"},
             {"i if t", "2: unexpected \"if\""},
             {"for", "0: \"for\" is a reserved word"},
             {"* 2", "0: expected a value, found \"*\""},
             {"i # 7", "2: an unexpected character"},
             {"ints.exists(1, true)", "12: expected a name for the element"},
             {"ints.exists(n)", "13: expected \",\", found \")\""},
             {"-!t", "1: expected a value, found \"!\""}});
}

TEST(Compile, ReadsWhatIsWrittenWhenItIsLoaded) {
  expectAll(
      {{"duration(\"5x\") < duration_of", "9: a text that cannot be converted"},
       {"time_of > timestamp(\"yesterday\")", "20: a text that cannot be converted"},
       {"time_of > timestamp(\"2026-02-30T00:00:00Z\")", "20: a text that cannot be converted"},
       {"1 / 0 == i", "0: division by zero"},
       {"9223372036854775807 + 1 == i", "0: a number out of range"},
       {"s.matches(\"(\")", "10: not a regex: missing ): ("},
       {"s.matches(s)", "10: must be a literal, which is read only once"},
       {"cidr(s, \"10.0.0.1/8\")", "8: expected a network such as \"10.0.0.0/8\""},
       {"cidr(s, s)", "8: must be a literal, which is read only once"},
       {"s in [\"a\", \"b\"] && i in [1, 2 + 3]", "false"}});
}

TEST(Compile, ChecksTheTypeOfTheResult) {
  Mistake mistake;
  EXPECT_EQ(compile("i + 1", kSampleSchema, Type(Kind::kBool), mistake), nullptr);
  EXPECT_EQ(mistake.what, "the expression must have the type bool, not int");
  EXPECT_NE(compile("i == 1", kSampleSchema, Type(Kind::kBool), mistake), nullptr);
  EXPECT_NE(compile("any.number", kSampleSchema, Type(Kind::kBool), mistake), nullptr);
  const auto program = compile("strings.map(s, [s])", kSampleSchema, std::nullopt, mistake);
  EXPECT_EQ(program->type().text(), "list(list(string))");
}

// Limits.

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Compile, LimitsTheLength) {
  const std::string blanks = repeated(" ", kMaxExpressionBytes - 1);
  EXPECT_EQ(resultOf(blanks + "1"), "1");
  EXPECT_EQ(resultOf(blanks + "10"), "0: an expression may have at most 4096 bytes");
}

TEST(Compile, LimitsTheNesting) {
  EXPECT_EQ(resultOf(repeated("(", 15) + "1" + repeated(")", 15)), "1");
  EXPECT_EQ(resultOf(repeated("(", 16) + "1" + repeated(")", 16)),
            "16: nested more than 16 levels deep");
  EXPECT_EQ(resultOf(repeated("[", 2000)), "16: nested more than 16 levels deep");
  EXPECT_EQ(resultOf(repeated("t?1:", 16) + "1"), "64: nested more than 16 levels deep");
  EXPECT_EQ(resultOf(repeated("!", 2001) + "t"), "false");
}

TEST(Compile, LimitsTheNumberOfNodes) {
  EXPECT_EQ(resultOf("i" + repeated("+i", 255)), "1792");
  EXPECT_EQ(resultOf("i" + repeated("+i", 256)), "0: the expression is too large");
  EXPECT_EQ(resultOf("t" + repeated("&&t", 170)), "true");
}

TEST(Compile, LimitsTheElementsOfAList) {
  EXPECT_EQ(resultOf("[1" + repeated(",1", 99) + "].size()"), "100");
  EXPECT_EQ(resultOf("[1" + repeated(",1", 100) + "].size()"),
            "201: a list may have at most 100 elements");
  EXPECT_EQ(resultOf("[" + repeated("1,", 50) + "[" + repeated("1,", 90) + "1]]"),
            "258: the expression is too large");
}

}  // namespace
}  // namespace weir::expr
