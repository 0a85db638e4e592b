#include "core/regex/regex.h"

#include <gtest/gtest.h>

#include "core/base/arena.h"

namespace weir {
namespace {

struct TestArena {
  BlockPool pool{4096};
  Arena arena{pool};
};

Regex regex(std::string_view pattern) {
  std::string why;
  auto compiled = Regex::compile(pattern, why);
  EXPECT_EQ(why, "");
  return *std::move(compiled);
}

std::string mistakeOf(std::string_view pattern) {
  std::string why;
  EXPECT_FALSE(Regex::compile(pattern, why));
  return why;
}

std::string substituted(std::string_view text, std::string_view pattern, std::string_view with) {
  TestArena memory;
  std::string why;
  const auto substitution = Substitution::compile(pattern, with, why);
  if (!substitution) return "mistake: " + why;
  const auto result = substitution->apply(text, 64, memory.arena);
  return result ? std::string(*result) : "too long";
}

TEST(Regex, MatchesTheWholeText) {
  EXPECT_TRUE(regex("/a+").matches("/aaa"));
  EXPECT_FALSE(regex("/a+").matches("/aaab"));
  EXPECT_FALSE(regex("/a+").matches("x/a"));
  EXPECT_TRUE(regex("/a|/b").matches("/b"));
  EXPECT_FALSE(regex("/a|/b").matches("/bb"));
}

TEST(Regex, CapturesGroupsByNumber) {
  Captures captures;
  EXPECT_TRUE(regex("/(\\w+)/(?P<id>[0-9]*)(x)?").matches("/users/7", captures));
  EXPECT_EQ(captures.size(), 3U);
  EXPECT_EQ(captures[1], "users");
  EXPECT_EQ(captures[2], "7");
  EXPECT_EQ(captures[3], "");
  EXPECT_EQ(captures[0], "");
  EXPECT_EQ(captures[9], "");
}

TEST(Regex, KnowsTheNamesOfItsGroups) {
  EXPECT_EQ(regex("/(a)/(?P<id>b)").groupNames(), (std::vector<std::string>{"", "id"}));
}

TEST(Regex, KnowsWithWhatEveryMatchBegins) {
  EXPECT_EQ(regex("/users/[0-9]+").fixedStart(), "/users/");
  EXPECT_EQ(regex("/users/?").fixedStart(), "/users");
  EXPECT_EQ(regex("/a/b").fixedStart(), "/a/b");
  EXPECT_EQ(regex("^/a/.*$").fixedStart(), "/a/");
  EXPECT_EQ(regex(".*[.]php").fixedStart(), "");
  EXPECT_EQ(regex("(?i)/ADMIN").fixedStart(), "/");
  EXPECT_EQ(regex("/a|/b").fixedStart(), "/");
  EXPECT_EQ(regex("/a/.*").fixedStart(), "/a/");
  EXPECT_EQ(regex("/a[/0]").fixedStart(), "/a");
  EXPECT_EQ(regex("/a/.*|/a0").fixedStart(), "/a");
  EXPECT_EQ(regex("/\xff.*").fixedStart(), "/");
}

TEST(Regex, RefusesWhatCannotBeAccepted) {
  EXPECT_EQ(mistakeOf("/("), "not a regex: missing ): /(");
  EXPECT_EQ(mistakeOf("(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)"),
            "a regex may have at most 9 groups that capture; write (?:...) for the others");
  EXPECT_EQ(mistakeOf(std::string(3000, 'a')), "a regex may have at most 2048 bytes");
  EXPECT_NE(mistakeOf("((a{100}){100}){100}"), "");
  EXPECT_NE(mistakeOf("(?!a)"), "");
}

TEST(Regex, AnyOfMatchesWhatOneOfThemMatches) {
  const auto any = Regex::anyOf({"/a(x)", "/b+|/c"});
  ASSERT_TRUE(any);
  EXPECT_TRUE(any->matches("/ax"));
  EXPECT_TRUE(any->matches("/c"));
  EXPECT_FALSE(any->matches("/ac"));
}

TEST(Substitution, ReplacesEveryMatch) {
  EXPECT_EQ(substituted("/old/7", "^/old/(.*)$", "/new/\\1"), "/new/7");
  EXPECT_EQ(substituted("/a/a/a", "a", "bb"), "/bb/bb/bb");
  EXPECT_EQ(substituted("/x/y", "/(\\w)/(\\w)", "/\\2/\\1/\\0"), "/y/x//x/y");
  EXPECT_EQ(substituted("/a", "b", "c"), "/a");
  EXPECT_EQ(substituted("/a", "$", "/b"), "/a/b");
  EXPECT_EQ(substituted("ab", "x*", "-"), "-a-b-");
  EXPECT_EQ(substituted("/a", "a", "\\\\"), "/\\");
}

TEST(Substitution, IsBounded) {
  EXPECT_EQ(substituted(std::string(60, 'a'), "a", "a"), std::string(60, 'a'));
  EXPECT_EQ(substituted(std::string(60, 'a'), "a", "bb"), "too long");
}

TEST(Substitution, RefusesGroupsThatAreNotThere) {
  EXPECT_EQ(substituted("", "(a)", "\\2"),
            "mistake: after \\ must come a group of the regex, \\0 to \\1, or another \\");
  EXPECT_EQ(substituted("", "a", "x\\"),
            "mistake: after \\ must come a group of the regex, \\0 to \\0, or another \\");
}

TEST(Regex, FindsAPartOfTheText) {
  std::string why;
  const auto regex = Regex::compile("b+c", why);
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->finds("abbcd"));
  EXPECT_FALSE(regex->finds("abbd"));
  EXPECT_FALSE(regex->matches("abbcd"));
}

}  // namespace
}  // namespace weir
