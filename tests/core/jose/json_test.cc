#include "core/jose/json.h"

#include <gtest/gtest.h>

namespace weir::jose {
namespace {

constexpr Json::Limits kLimits = {.bytes = 4096, .depth = 8, .members = 64, .values = 100};

// The text as it is understood, or why it is not.
std::string understood(std::string_view text) {
  const auto json = Json::parse(text, kLimits);
  if (!json.ok()) return std::string(json.error().detail);
  std::string out;
  appendJson(json.value().root(), out);
  return out;
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Json, ReadsValues) {
  const auto parsed = Json::parse(
      R"({"a": "x\u00e9\n", "b": [1, -2, 2.50, 1e3, 18446744073709551615], "c": {"d": true, "e": null}})",
      kLimits);
  ASSERT_TRUE(parsed.ok());
  const Json::Value root = parsed.value().root();
  EXPECT_EQ(root.size(), 3U);
  EXPECT_EQ(root.find("a").text(), "x\xC3\xA9\n");
  EXPECT_EQ(root.find("b").size(), 5U);
  EXPECT_TRUE(root.find("c").find("d").isTrue());
  EXPECT_TRUE(root.find("c").find("e").is(Json::Kind::kNull));
  EXPECT_FALSE(root.find("d"));
  EXPECT_FALSE(root.find("a").find("b"));
  std::vector<std::string> numbers;
  for (const Json::Value each : root.find("b").items()) numbers.emplace_back(each.text());
  EXPECT_EQ(numbers, (std::vector<std::string>{"1", "-2", "2.50", "1e3", "18446744073709551615"}));
}

TEST(Json, KnowsIntegers) {
  const auto parsed = Json::parse("[9223372036854775807, 9223372036854775808, 1.0]", kLimits);
  ASSERT_TRUE(parsed.ok());
  std::vector<bool> integers;
  for (const Json::Value each : parsed.value().root().items()) {
    integers.push_back(each.isInteger());
  }
  EXPECT_EQ(integers, (std::vector<bool>{true, false, false}));
}

TEST(Json, WritesWhatItRead) {
  for (const std::string_view text :
       {R"({"a":[],"b":{},"c":[[1],[2.50,"\"\\"]],"d":{"e":null,"f":false}})", R"("\u0001")", "[]",
        "-12345678901234567890", "true"}) {
    EXPECT_EQ(understood(text), text);
  }
}

TEST(Json, FindsByPointer) {
  const auto parsed = Json::parse(R"({"a":{"b/c":{"~d":"x"}},"/a":1,"e":{"":"y"}})", kLimits);
  ASSERT_TRUE(parsed.ok());
  const Json::Value root = parsed.value().root();
  EXPECT_EQ(root.at("/a/b~1c/~0d").text(), "x");
  EXPECT_EQ(root.at("/e/").text(), "y");
  EXPECT_FALSE(root.at("/a/b"));
  EXPECT_FALSE(root.at("/a/b~1c/~0d/x"));
  EXPECT_TRUE(root.at("a").isObject());
}

TEST(Json, RefusesDuplicateMembers) {
  EXPECT_EQ(understood(R"({"a":1,"b":2,"a":1})"), "has a duplicate member");
  EXPECT_EQ(understood(R"({"a":1,"\u0061":1})"), "has a duplicate member");
  EXPECT_EQ(understood(R"({"x":[{"a":{"b":1},"a":2}]})"), "has a duplicate member");
  EXPECT_EQ(understood(R"([{"a":{"a":1}},{"a":2}])"), R"([{"a":{"a":1}},{"a":2}])");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "{]",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{'a':1}",
                                      "{a:1}",
                                      "[01]",
                                      "[+1]",
                                      "[.5]",
                                      "[1.]",
                                      "[0x1]",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[1e400]",
                                      "[-1e400]",
                                      "// x\n1",
                                      "1 2",
                                      "{} {}",
                                      "{}x",
                                      "\xEF\xBB\xBF{}",
                                      "[\"\t\"]",
                                      "[\"\\x\"]",
                                      "[\"\\ud800\"]",
                                      "[\"\\udc00\\ud800\"]",
                                      "nul",
                                      "TRUE"}) {
    EXPECT_EQ(understood(text), "is not JSON") << text;
  }
}

TEST(Json, RefusesWhatIsNotUtf8) {
  for (const std::string_view text : {"[\"\xFF\"]", "[\"\xC0\xAF\"]", "[\"\xED\xA0\x80\"]",
                                      "[\"\xF4\x90\x80\x80\"]", "[\"\xE2\x82\"]", "{\"\x80\":1}"}) {
    EXPECT_EQ(understood(text), "is not JSON");
  }
}

// The parser takes a NUL for the end of its input.
TEST(Json, RefusesTextAfterANul) {
  EXPECT_EQ(understood(std::string_view("{}\0{\"a\":1}", 10)), "is not JSON");
  EXPECT_EQ(understood(std::string_view("{}\0", 3)), "is not JSON");
}

TEST(Json, LimitsDepth) {
  EXPECT_EQ(understood(repeated("[", 8) + repeated("]", 8)), repeated("[", 8) + repeated("]", 8));
  EXPECT_EQ(understood(repeated("[", 9) + repeated("]", 9)), "is nested too deeply");
  EXPECT_EQ(understood(repeated("[", 4000)), "is nested too deeply");
  EXPECT_EQ(understood(repeated("{\"a\":", 9) + "1" + repeated("}", 9)), "is nested too deeply");
}

TEST(Json, LimitsNumbers) {
  EXPECT_EQ(understood("[" + repeated("1,", 98) + "1]").size(), 2 * 99 + 1);
  EXPECT_EQ(understood("[" + repeated("1,", 99) + "1]"), "has too many values");
  std::string members;
  for (int i = 0; i < 64; ++i) members += "\"" + std::to_string(i) + "\":1,";
  EXPECT_EQ(understood("{" + members.substr(0, members.size() - 1) + "}").size(),
            members.size() + 1);
  EXPECT_EQ(understood("{" + members + "\"x\":1}"), "has too many members");
  EXPECT_EQ(understood("\"" + std::string(4094, 'a') + "\"").size(), 4096U);
  EXPECT_EQ(understood("\"" + std::string(4095, 'a') + "\""), "is too large");
}

}  // namespace
}  // namespace weir::jose
