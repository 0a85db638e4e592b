#include "core/expr/program.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/expr/evaluation.h"

namespace weir::expr {
namespace {

constexpr const char* kNone = "error(no such variable, key or index)";
constexpr const char* kWrongType = "error(a value of the wrong type)";

TEST(Program, ReadsLiterals) {
  expectAll({{"7", "7"},
             {"-7", "-7"},
             {"0xFF", "255"},
             {"-9223372036854775808", "-9223372036854775808"},
             {"2.5", "2.5"},
             {".5", "0.5"},
             {"1e3", "1000.0"},
             {"-2.5", "-2.5"},
             {"true", "true"},
             {"null", "null"},
             {R"("a\tb\"\x41\u00e9\101")",
              "\"a\tb\"A\xC3\xA9"
              "A\""},
             {"'a\"b'", "\"a\"b\""},
             {R"(r"a\b")", R"("a\b")"},
             {"'''a\n'b'''", "\"a\n'b\""},
             {R"(b"\xff")", "b\"\xFF\""},
             {R"("\U0001F600")", "\"\xF0\x9F\x98\x80\""},
             {"[1, 2]", "[1, 2]"},
             {"[]", "[]"},
             {"[1, 2,]", "[1, 2]"},
             {"1 // a comment", "1"}});
}

TEST(Program, MapsAreWrittenByTheirMembers) {
  expectAll({{"{}.size()", "0"},
             {R"({"a": 1, "b": 2,}.size())", "2"},
             {R"({"a": 1}.a)", "1"},
             {R"({"a": i}["a"])", "7"},
             {R"({"Hello": 1, "x": 2}[s])", "1"},
             {R"({"x": 2}[s])", kNone},
             {R"({s: x}.Hello)", "2.5"},
             {R"("a" in {"a": 1})", "true"},
             {R"(s in {"a": 1})", "false"},
             {R"(has({"a": 1}.b))", "false"},
             {R"({"a": {"b": [1, i]}}.a.b[1])", "7"},
             {R"({"a": t ? 1 : 2}.a)", "1"},
             {R"({t ? "a" : "b": 1}.a)", "1"},
             {R"(ints.map(n, {"n": n * 2})[2].n)", "6"},
             {R"(ints.filter(n, {"x": n}.x > 1).size())", "2"},
             {R"({"a": headers.none})", kNone},
             {R"({headers.none: 1})", kNone},
             {R"({any.number: 1})", kWrongType},
             {R"({s: 1, "Hello": 2})", "error(a key that the map has twice)"},
             {R"({"a": 1} == {"a": 1})", R"(9: no operator "==" for map(int) and map(int))"},
             {R"({"a": 1}.a + "b")", R"(11: no operator "+" for int and string)"}});
}

TEST(Program, MapsAreLimited) {
  std::string members;
  for (int i = 0; i < 50; ++i)
    members += "\"" + std::to_string(i) + "\": " + std::to_string(i) + ", ";
  EXPECT_EQ(resultOf("{" + members + "}[\"49\"]"), "49");
  EXPECT_EQ(resultOf("{" + members + "\"50\": 50}"),
            std::to_string(members.size() + 1) + ": a map may have at most 50 members");
}

// JSON has one type of numbers, so that a price of 3 and one of 2.5 can be used alike.
TEST(Program, NumbersOfJsonMix) {
  SampleFacts facts;
  facts.change("any.number", Value::jsonInteger(3, 1));
  facts.change("any.text", Value::jsonNumber(2.5, 2));
  const auto result = [&](std::string_view text) { return resultOf(text, facts); };
  EXPECT_EQ(result("any.number * any.text"), "7.5");
  EXPECT_EQ(result("any.text - any.number"), "-0.5");
  EXPECT_EQ(result("any.number * any.number * 0.5"), "4.5");
  EXPECT_EQ(result("-any.number + x"), "-0.5");
  EXPECT_EQ(result("any.number + i"), "10");
  EXPECT_EQ(result("any.number / 2"), "1");
  EXPECT_EQ(result("any.number * 9223372036854775807"), "error(a number out of range)");
  EXPECT_EQ(result("any.number + s"), kWrongType);
  facts.change("any.number", Value::integer(3));
  facts.change("any.text", Value::number(2.5));
  EXPECT_EQ(result("any.number * any.text"), kWrongType);
}

TEST(Program, NumbersOfJsonKeepTheirTagUntilTheyAreComputed) {
  SampleFacts facts;
  facts.change("any.number", Value::jsonInteger(3, 9));
  const auto tag = [&](std::string_view text) {
    Mistake mistake;
    const auto program = compile(text, kSampleSchema, std::nullopt, mistake);
    BlockPool pool(4096);
    Arena arena(pool);
    return program->evaluate(facts, arena).jsonTag();
  };
  EXPECT_EQ(tag("any.number"), 9U);
  EXPECT_EQ(tag("[any.number].filter(n, n > 2)[0]"), 9U);
  EXPECT_EQ(tag("t ? any.number : i"), 9U);
  EXPECT_EQ(tag("any.number + 0"), Value::kComputed);
  EXPECT_EQ(tag("i"), 0U);
}

TEST(Program, ABudgetMayBeSharedAndLarger) {
  Mistake mistake;
  const auto program = compile("ints.map(n, n * 2).size()", kSampleSchema, std::nullopt, mistake);
  SampleFacts facts;
  const std::vector<Value> many(1000, Value::integer(1));
  facts.change("ints", Value::list(many));
  BlockPool pool(4096);
  Arena arena(pool);
  EXPECT_EQ(program->evaluate(facts, arena).fault(), Fault::kLimit);
  Budget budget{arena};
  budget.loop_items = 1000;
  EXPECT_EQ(program->evaluate(facts, budget).integer(), 1000);
  const std::size_t used = Budget::kMaxSteps - budget.steps;
  EXPECT_GE(used, 1000U);
  budget.steps = used - 1;
  EXPECT_EQ(program->evaluate(facts, budget).fault(), Fault::kLimit);
}

TEST(Program, CalculatesWithIntegers) {
  expectAll({{"i + 3", "10"},
             {"i - 10", "-3"},
             {"i * j", "-21"},
             {"i / 2", "3"},
             {"j / 2", "-1"},
             {"i % 4", "3"},
             {"j % 2", "-1"},
             {"-i", "-7"},
             {"--i", "7"},
             {"1 + 2 * 3", "7"},
             {"(1 + 2) * 3", "9"},
             {"10 - 3 - 2", "5"},
             {"i / zero", "error(division by zero)"},
             {"i % zero", "error(division by zero)"},
             {"i + 9223372036854775807", "error(a number out of range)"},
             {"i * 9223372036854775807", "error(a number out of range)"},
             {"j - 9223372036854775807", "error(a number out of range)"},
             {"(zero - 9223372036854775807 - 1) / -1", "error(a number out of range)"},
             {"-(zero - 9223372036854775807 - 1)", "error(a number out of range)"},
             {"(zero - 9223372036854775807 - 1) % -1", "0"}});
}

TEST(Program, CalculatesWithDoubles) {
  expectAll({{"x + 0.5", "3.0"},
             {"x - 0.5", "2.0"},
             {"x * 2.0", "5.0"},
             {"x / 2.0", "1.25"},
             {"-x", "-2.5"},
             {"x / 0.0", "inf"},
             {"-x / 0.0", "-inf"}});
}

TEST(Program, Compares) {
  expectAll({{"i == 7", "true"},
             {"i != 7", "false"},
             {"i < 8", "true"},
             {"i <= 7", "true"},
             {"i > 7", "false"},
             {"i >= 7", "true"},
             {"i < 7.5", "true"},
             {"7.0 == i", "true"},
             {"9223372036854775807 < 9223372036854775808.0", "true"},
             {"x / 0.0 > i", "true"},
             {"(x - x) / 0.0 == x", "false"},
             {"(x - x) / 0.0 != x", "true"},
             {"s == \"Hello\"", "true"},
             {"s < \"World\"", "true"},
             {"b == b\"ab\"", "true"},
             {"f < t", "true"},
             {"ints == [1, 2, 3]", "true"},
             {"ints == [1, 2]", "false"},
             {"ints == [1, 2, 4]", "false"},
             {"[[i]] == [[7]]", "true"},
             {"null == null", "true"},
             {"any.text == null", "false"},
             {"any.number == \"7\"", "false"},
             {"any.number < \"7\"", kWrongType}});
}

TEST(Program, JoinsTextsAndLists) {
  expectAll({{"s + \"!\"", "\"Hello!\""},
             {"b + b\"c\"", "b\"abc\""},
             {"ints + [i]", "[1, 2, 3, 7]"},
             {"[] + ints", "[1, 2, 3]"},
             {"any.text + \"!\"", "\"Hello!\""},
             {"any.text + 1", kWrongType}});
}

TEST(Program, CalculatesWithTimes) {
  expectAll({{"duration_of + duration(\"1s\")", "duration 2500000000"},
             {"duration_of - duration(\"1s\")", "duration 500000000"},
             {"duration_of > duration(\"1s\")", "true"},
             {"time_of + duration_of == duration_of + time_of", "true"},
             {"time_of - duration(\"1s\")", "timestamp 1699999999000000000"},
             {"time_of - timestamp(\"2023-11-14T22:13:19Z\")", "duration 1000000000"},
             {"time_of == timestamp(\"2023-11-14T22:13:20Z\")", "true"},
             {"time_of < timestamp(\"2024-01-01T00:00:00Z\")", "true"}});
}

TEST(Program, AbsorbsFaultsWhereTheOtherOperandDecides) {
  expectAll({{"f && i / zero == 1", "false"},
             {"i / zero == 1 && f", "false"},
             {"t && i / zero == 1", "error(division by zero)"},
             {"i / zero == 1 && t", "error(division by zero)"},
             {"t || i / zero == 1", "true"},
             {"i / zero == 1 || t", "true"},
             {"f || i / zero == 1", "error(division by zero)"},
             {"i / zero == 1 || f", "error(division by zero)"},
             {"gone == \"\" || f || t", "true"},
             {"any.number && f", "false"},
             {"any.number || t", "true"},
             {"any.number && t", kWrongType},
             {"!(gone == \"a\")", kNone}});
}

TEST(Program, ChoosesOneOfTwo) {
  expectAll({{"t ? 1 : i / zero", "1"},
             {"f ? i / zero : 2", "2"},
             {"i == 1 ? \"a\" : i == 7 ? \"b\" : \"c\"", "\"b\""},
             {"i / zero == 1 ? 1 : 2", "error(division by zero)"},
             {"any.number ? 1 : 2", kWrongType},
             {"(t ? i : j) + (f ? i : j)", "4"}});
}

TEST(Program, FindsMembers) {
  expectAll({{"headers[\"host\"]", "\"example.com\""},
             {"headers.host", "\"example.com\""},
             {"headers[\"x-\" + strings[0]]", "\"bcd\""},
             {"headers[\"none\"]", kNone},
             {"ints[0]", "1"},
             {"ints[zero + 2]", "3"},
             {"ints[3]", kNone},
             {"ints[-1]", kNone},
             {"[5, 6][1]", "6"},
             {"header_values(\"x-a\")", "[\"a\", \"b\"]"},
             {"header_values(\"x-\" + \"a\")[1]", "\"b\""},
             {"header_values(\"x-\" + strings[0])[1]", "\"b\""},
             {"any.number.member", kWrongType},
             {"any.number[0]", kWrongType}});
}

TEST(Program, FindsWhatIsInListsAndMaps) {
  expectAll({{"2 in ints", "true"},
             {"4 in ints", "false"},
             {"2.0 in ints", "true"},
             {"s in [\"a\", \"Hello\"]", "true"},
             {"\"host\" in headers", "true"},
             {"\"none\" in headers", "false"},
             {"s in []", "false"},
             {"!(s in [\"a\"])", "true"},
             {"any.text in [\"Hello\"]", "true"},
             {"1 in any.number", kWrongType}});
}

TEST(Program, TestsWhetherSomethingExists) {
  expectAll({{"has(headers.host)", "true"},
             {"has(headers.none)", "false"},
             {"has(gone)", "false"},
             {"has(s)", "true"},
             {"has(any.gone)", "false"},
             {"has(any.gone.member)", kNone},
             {"has(gone) && gone == \"a\"", "false"}});
}

TEST(Program, LooksAtEveryElement) {
  expectAll({{"ints.exists(n, n > 2)", "true"},
             {"ints.exists(n, n > 3)", "false"},
             {"ints.all(n, n > 0)", "true"},
             {"ints.all(n, n > 1)", "false"},
             {"ints.filter(n, n != 2)", "[1, 3]"},
             {"ints.map(n, n * i)", "[7, 14, 21]"},
             {"ints.map(n, string(n)).join(\",\")", "\"1,2,3\""},
             {"[].exists(n, n > 2)", "false"},
             {"[].all(n, n > 2)", "true"},
             {"[].map(n, n)", "[]"},
             {"ints.exists(n, 6 / (n - 1) == 6)", "true"},
             {"ints.exists(n, 6 / (n - 1) == 7)", "error(division by zero)"},
             {"ints.all(n, 6 / (n - 1) == 7)", "false"},
             {"ints.map(n, 6 / (n - 1))", "error(division by zero)"},
             {"ints.filter(n, 6 / (n - 1) == 7)", "error(division by zero)"},
             {"ints.exists(n, ints.all(m, m <= n))", "true"},
             {"ints.map(n, ints.filter(m, m < n))", "[[], [1], [1, 2]]"},
             {"ints.map(n, ints.map(n, n + 1))[0][0] + i", "9"},
             {"header_values(\"x-a\").exists(v, v.startsWith(\"b\"))", "true"},
             {"gone.split(\",\").exists(n, true)", kNone},
             {"any.number.exists(n, true)", kWrongType}});
}

TEST(Program, CallsFunctionsOfTexts) {
  expectAll({{"s.startsWith(\"He\")", "true"},
             {"s.startsWith(\"he\")", "false"},
             {"s.endsWith(\"llo\")", "true"},
             {"s.endsWith(\"Hello!\")", "false"},
             {"s.contains(\"ell\")", "true"},
             {"s.contains(\"\")", "true"},
             {"s.contains(\"lle\")", "false"},
             {"s.matches(\"l+o$\")", "true"},
             {"s.matches(\"^l\")", "false"},
             {"any.text.matches(\"H\")", "true"},
             {"any.number.matches(\"H\")", kWrongType},
             {"s.size()", "5"},
             {"size(u)", "5"},
             {"size(b)", "2"},
             {"ints.size()", "3"},
             {"size(headers)", "2"},
             {"s.lowerAscii()", "\"hello\""},
             {"\"\u00c9A\".lowerAscii()", "\"\u00c9a\""},
             {"\"a,b,,c\".split(\",\")", "[\"a\", \"b\", \"\", \"c\"]"},
             {"\"a,\".split(\",\")", "[\"a\", \"\"]"},
             {"\"\".split(\",\")", "[\"\"]"},
             {"u.split(\"\")", "[\"h\", \"\xC3\xA9\", \"l\", \"l\", \"o\"]"},
             {"\"\".split(\"\")", "[]"},
             {"strings.join()", "\"ab\""},
             {"strings.join(\"-\")", "\"a-b\""},
             {"[\"\", \"a\"].join(\"-\")", "\"-a\""},
             {"[].join(\"-\")", "\"\""}});
}

TEST(Program, MatchesNetworks) {
  expectAll({{"cidr(\"10.1.2.3\", \"10.0.0.0/8\")", "true"},
             {"cidr(\"11.1.2.3\", \"10.0.0.0/8\")", "false"},
             {"cidr(\"2001:db8::1\", \"2001:db8::/32\")", "true"},
             {"cidr(s, \"10.0.0.0/8\")", "error(a text that cannot be converted)"}});
}

TEST(Program, Converts) {
  constexpr const char* kNotConverted = "error(a text that cannot be converted)";
  expectAll({{"int(\"-42\")", "-42"},
             {"int(2.9)", "2"},
             {"int(-2.9)", "-2"},
             {"int(x * 1e300)", "error(a number out of range)"},
             {"int(s)", kNotConverted},
             {"int(time_of)", "1700000000"},
             {"int(timestamp(\"1969-12-31T23:59:59.5Z\"))", "-1"},
             {"double(i)", "7.0"},
             {"double(\"2.5\")", "2.5"},
             {"double(s)", kNotConverted},
             {"string(i)", "\"7\""},
             {"string(x)", "\"2.5\""},
             {"string(t)", "\"true\""},
             {"string(s)", "\"Hello\""},
             {"string(duration_of)", "\"1.5s\""},
             {"string(-duration(\"1s\") )", "7: no operator \"-\" for duration"},
             {"string(duration(\"-1h\"))", "\"-3600s\""},
             {"string(time_of)", "\"2023-11-14T22:13:20Z\""},
             {"string(time_of + duration(\"250ms\"))", "\"2023-11-14T22:13:20.25Z\""},
             {"bytes(s)", "b\"Hello\""},
             {"duration(\"1h2m3s\")", "duration 3723000000000"},
             {"duration(\"1.5h\")", "duration 5400000000000"},
             {"duration(\"250us\")", "duration 250000"},
             {"duration(\"0\")", "duration 0"},
             {"duration(s)", kNotConverted},
             {"timestamp(\"2023-11-14T23:13:20.5+01:00\")", "timestamp 1700000000500000000"},
             {"timestamp(s)", kNotConverted},
             {"any.number + int(any.text.size())", "12"}});
}

TEST(Program, GivesMapsTheHintsOfWrittenKeys) {
  const SampleFacts facts;
  EXPECT_EQ(resultOf("headers[\"host\"]", facts), "\"example.com\"");
  EXPECT_EQ(facts.headers.last_hint, 4U);
  EXPECT_EQ(resultOf("headers[s]", facts), kNone);
  EXPECT_EQ(facts.headers.last_hint, 0U);
}

// Limits.

TEST(Program, BoundsTheMemoryOfAnEvaluation) {
  SampleFacts facts;
  const std::string large(40'000, 'a');
  facts.change("s", Value::string(large));
  EXPECT_EQ(resultOf("size(s + \"a\")", facts), "40001");
  EXPECT_EQ(resultOf("size(s + s)", facts), "error(too much work or memory)");
  EXPECT_EQ(resultOf("s.lowerAscii().size()", facts), "40000");
  EXPECT_EQ(resultOf("ints.map(n, s + \"a\").size()", facts), "error(too much work or memory)");
  EXPECT_EQ(resultOf("s.split(\"\")", facts), "error(too much work or memory)");
}

TEST(Program, BoundsTheElementsOfALoop) {
  SampleFacts facts;
  const std::vector<Value> many(101, Value::integer(1));
  facts.change("ints", Value::list(many));
  EXPECT_EQ(resultOf("ints.all(n, n == 1)", facts), "error(too much work or memory)");
  facts.change("ints", Value::list(std::span(many).first(100)));
  EXPECT_EQ(resultOf("ints.all(n, n == 1)", facts), "true");
}

TEST(Program, BoundsTheSteps) {
  SampleFacts facts;
  const std::vector<Value> many(100, Value::integer(1));
  facts.change("ints", Value::list(many));
  EXPECT_EQ(resultOf("ints.all(a, ints.all(b, ints.all(c, a + b + c == 3)))", facts),
            "error(too much work or memory)");
  EXPECT_EQ(resultOf("ints.all(a, ints.exists(b, b == a))", facts), "true");
}

TEST(Program, BoundsTheWorkPerByte) {
  SampleFacts facts;
  const std::string large(60'000, 'a');
  facts.change("s", Value::string(large));
  EXPECT_EQ(resultOf("ints.all(n, s.contains(\"aab\") || n > 0)", facts), "true");
  const std::vector<Value> many(100, Value::integer(1));
  facts.change("ints", Value::list(many));
  EXPECT_EQ(resultOf("ints.all(n, s.contains(\"aab\") || n > 0)", facts),
            "error(too much work or memory)");
}

}  // namespace
}  // namespace weir::expr
