#include "gateway/transform/json/document.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "gateway/transform/json/pointer.h"
#include "gateway/transform/json/text.h"

namespace weir::gateway::json {
namespace {

class JsonDocument : public ::testing::Test {
 protected:
  Mistake parse(std::string_view text, const ParseLimits& limits = {}) {
    std::copy(text.begin(), text.end(), document_.prepare(text.size()));
    return document_.parse(limits, arena_);
  }
  std::string at(std::string_view place) {
    std::string why;
    const auto pointer = Pointer::parse(place, false, why);
    if (!pointer) return "pointer: " + why;
    const NodeId node = document_.find(*pointer);
    return node == kNoNode ? "none" : std::string(document_.textOf(node));
  }

  BlockPool pool_{4096};
  Arena arena_{pool_};
  Document document_;
};

TEST_F(JsonDocument, KnowsWhereItsValuesAre) {
  const std::string text =
      " {\"a\" : [1, {\"b\":-0.0e+5 } , [ ]], \"c/d\":{ } ,\"e\":\"x\\\"y\", \"f\":null,"
      "\"\\u00e9~\" : true , \"\":false} \n";
  ASSERT_EQ(parse(text), Mistake::kNone);
  EXPECT_EQ(at(""), text.substr(1, text.size() - 3));
  EXPECT_EQ(at("/a"), "[1, {\"b\":-0.0e+5 } , [ ]]");
  EXPECT_EQ(at("/a/0"), "1");
  EXPECT_EQ(at("/a/1"), "{\"b\":-0.0e+5 }");
  EXPECT_EQ(at("/a/1/b"), "-0.0e+5");
  EXPECT_EQ(at("/a/2"), "[ ]");
  EXPECT_EQ(at("/a/3") + at("/a/00") + at("/a/-") + at("/a/0/b"), "nonenonenonenone");
  EXPECT_EQ(at("/c~1d"), "{ }");
  EXPECT_EQ(at("/e"), "\"x\\\"y\"");
  EXPECT_EQ(at("/f"), "null");
  EXPECT_EQ(at("/\xC3\xA9~0"), "true");
  EXPECT_EQ(at("/"), "false");
  EXPECT_EQ(at("a"), "pointer: a JSON pointer begins with \"/\"");
  EXPECT_EQ(at("/~2"), "pointer: \"~\" is written as \"~0\", and \"/\" in a name as \"~1\"");
}

TEST_F(JsonDocument, AnyValueIsADocument) {
  for (const char* const text : {"1", " \"a\" ", "null", "true", "[]", "{}", "1e400", "-0",
                                 "123456789012345678901234567890.5E-7"}) {
    EXPECT_EQ(parse(text), Mistake::kNone) << text;
  }
}

TEST_F(JsonDocument, RefusesWhatIsNotJson) {
  using namespace std::string_literals;
  for (const std::string& text : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "[1,]"s,
                                  "[1 2]"s,
                                  "[,1]"s,
                                  "{\"a\"}"s,
                                  "{\"a\":}"s,
                                  "{\"a\":1,}"s,
                                  "{a:1}"s,
                                  "{'a':1}"s,
                                  "{1:1}"s,
                                  "{\"a\" 1}"s,
                                  "[1]x"s,
                                  "[1] [2]"s,
                                  "1 2"s,
                                  "{} {}"s,
                                  "[1}"s,
                                  "{\"a\":1]"s,
                                  "01"s,
                                  "-"s,
                                  "+1"s,
                                  ".5"s,
                                  "1."s,
                                  "1e"s,
                                  "1e+"s,
                                  "0x10"s,
                                  "NaN"s,
                                  "Infinity"s,
                                  "tru"s,
                                  "truex"s,
                                  "nul"s,
                                  "True"s,
                                  "\"a"s,
                                  "\"a\"b"s,
                                  "[\"a\"b]"s,
                                  "\"\\x\""s,
                                  "\"\\u12g4\""s,
                                  "\"\\ud800\""s,
                                  "\"\\udc00\""s,
                                  "\"\\ud800\\u0041\""s,
                                  "\"a\nb\""s,
                                  "\"\x01\""s,
                                  "\"\xFF\""s,
                                  "\"\xC0\xAF\""s,
                                  "\"\xED\xA0\x80\""s,
                                  "\xEF\xBB\xBF{}"s,
                                  "[1]\0"s,
                                  "1\0"s,
                                  "\0"s,
                                  "{\"a\":1 \"b\":2}"s,
                                  "[1:2]"s,
                                  "{\"\\ud800\":1}"s,
                                  "[1,2"s,
                                  "{\"a\":[}"s,
                                  "// x\n1"s,
                                  "[\"a\",\"b\"\"c\"]"s,
                                  "[1]]"s,
                                  "{\"a\":1}}"s,
                                  "[[1]"s}) {
    EXPECT_EQ(parse(text), Mistake::kMalformed) << text;
  }
}

TEST_F(JsonDocument, NamesThatRepeatAreFoundInSmallAndLargeObjects) {
  std::string large = "{";
  for (int i = 0; i < 1000; ++i)
    large += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  for (const std::string& text :
       {std::string("{\"a\":1,\"b\":2,\"a\":3}"), std::string("{\"a\":1,\"\\u0061\":3}"),
        large + "\"a\":1,\"a\":3}", large + "\"\\u0061\":1,\"a\":3}"}) {
    EXPECT_EQ(parse(text), Mistake::kNone);
    EXPECT_TRUE(document_.hasDuplicates());
    EXPECT_EQ(at("/a"), "3");
    EXPECT_EQ(parse(text, {.duplicates = false}), Mistake::kDuplicate);
  }
  ASSERT_EQ(parse(large + "\"a\":1}", {.duplicates = false}), Mistake::kNone);
  EXPECT_EQ(at("/k0") + at("/k999") + at("/a") + at("/k1000"), "09991none");
  EXPECT_EQ(parse("[{\"a\":1},{\"a\":1}]", {.duplicates = false}), Mistake::kNone);
}

TEST_F(JsonDocument, LimitsAreExact) {
  EXPECT_EQ(parse("[[[1]]]", {.depth = 3}), Mistake::kNone);
  EXPECT_EQ(parse("[[[[1]]]]", {.depth = 3}), Mistake::kTooDeep);
  EXPECT_EQ(parse("[{\"a\":[]}]", {.depth = 3}), Mistake::kNone);
  EXPECT_EQ(parse("[{\"a\":[{}]}]", {.depth = 3}), Mistake::kTooDeep);
  EXPECT_EQ(parse("[1,2,3]", {.nodes = 4}), Mistake::kNone);
  EXPECT_EQ(parse("[1,2,3,4]", {.nodes = 4}), Mistake::kTooManyNodes);
  const std::string bomb(200'000, '[');
  EXPECT_NE(parse(bomb), Mistake::kNone);
  EXPECT_EQ(parse(bomb + std::string(200'000, ']')), Mistake::kTooDeep);
}

TEST_F(JsonDocument, ADocumentMayBeUsedAgain) {
  const std::string large = "[\"" + std::string(1'000'000, 'x') + "\"]";
  EXPECT_EQ(parse(large), Mistake::kNone);
  EXPECT_EQ(document_.textOf(1).size(), 1'000'002U);
  document_.release();
  EXPECT_EQ(parse("[1]"), Mistake::kNone);
  EXPECT_EQ(at("/0"), "1");
}

// Cutting or changing a byte never yields positions outside the text.
TEST_F(JsonDocument, DamagedTextsAreSafe) {
  const std::string text =
      "{\"list\":[1,-2.5e3,{\"a\":\"\\u00e9\\n\"},[],{}],\"b\":{\"c\":null,\"d\":[true,false]}}";
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = text;
    damaged[random.below(damaged.size())] =
        static_cast<char>("{}[]:,\"\\ 0eu\x80"[random.below(13)]);
    if (i % 3 == 0) damaged.resize(random.below(damaged.size()));
    if (parse(damaged) != Mistake::kNone) continue;
    for (NodeId id = 0; id < document_.nodes(); ++id) {
      const Node& node = document_.node(id);
      ASSERT_LE(node.begin, node.end);
      ASSERT_LE(node.end, damaged.size());
      ASSERT_GT(node.next, id);
      ASSERT_LE(node.next, document_.nodes());
    }
  }
}

TEST(JsonText, StringsAreDecodedAndEncoded) {
  BlockPool pool(4096);
  Arena arena(pool);
  EXPECT_EQ(unescaped(R"(a\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00z)", arena),
            "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  std::string out;
  appendQuoted(out, "a\"\\\n\x01\x1F\x7F\xC3\xA9");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u001f\x7F\xC3\xA9\"");
}

}  // namespace
}  // namespace weir::gateway::json
