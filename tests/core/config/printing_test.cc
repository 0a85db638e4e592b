#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/config/json_writer.h"
#include "core/config/settings.h"
#include "core/config/toml_writer.h"
#include "tests/core/config/sample.h"

namespace weir::config {
namespace {

using sample::Sample;
using sample::sampleOf;

std::string printed(const Sample& sample, Show show) {
  return tomlText(showSettings(sample, sample::extensions(), show));
}

// A field of every type, in its printed form.
constexpr std::string_view kEverything = R"(quiet = true
port = 8080
offset = -2
factor = 2.0
color = "blue"
colors = ["red", "blue"]
timeout = "off"
workers = 4
limit = "1MiB"
rate = "90/m"
headers = { z = "1", a = "\"quoted\"" }
ports = { http = 80 }
fallback = { attempts = 3, on = ["reset"], pause = "10ms" }

[[route]]
name = "a"
upstream = "u"
retry = { attempts = 5 }
filters = [{ limit = { rate = "7/s" } }, { tag = "x" }, { limit = {} }]

[[route]]
name = "b"
redirect = "/"

[upstream.z]
discovery = { static = ["a:80", { address = "[::1]:81", weight = 3 }] }

[upstream.a]
discovery = { dns = "a.internal:80" }
budget = "25%"
)";

TEST(Printing, ShowsWhatDiffersFromTheDefaults) {
  const std::string text = printed(sampleOf(kEverything), Show::kChanges);
  std::string expected(kEverything);
  for (const std::string_view section : {"headers", "ports", "fallback"}) {
    const std::size_t at = expected.find(std::string(section) + " = {");
    expected.erase(at, expected.find('\n', at) + 1 - at);
  }
  expected.insert(expected.find("[[route]]"),
                  "[headers]\nz = \"1\"\na = \"\\\"quoted\\\"\"\n\n[ports]\nhttp = 80\n\n"
                  "[fallback]\nattempts = 3\non = [\"reset\"]\npause = \"10ms\"\n\n");
  EXPECT_EQ(text, expected);
}

TEST(Printing, IsReadBackAsTheSame) {
  const Sample sample = sampleOf(kEverything);
  const std::string changes = printed(sample, Show::kChanges);
  EXPECT_EQ(printed(sampleOf(changes), Show::kChanges), changes);
  const std::string everything = printed(sample, Show::kEverything);
  EXPECT_EQ(printed(sampleOf(everything), Show::kEverything), everything);
  EXPECT_EQ(printed(sampleOf(changes), Show::kEverything), everything);
}

TEST(Printing, DefaultsArePrintedWhenAskedFor) {
  EXPECT_EQ(printed(Sample(), Show::kChanges), "");
  EXPECT_EQ(printed(Sample(), Show::kEverything), R"(quiet = false
port = 80
offset = -1
factor = 1.5
color = "red"
colors = []
timeout = "5s"
workers = "auto"
limit = "64KiB"
rate = "100/s"
route = []

[headers]

[ports]

[upstream]
)");
}

TEST(Printing, SecretsAreNotShown) {
  Sample sample;
  sample.token = Secret(Secret::Source::kInline, "", "hush");
  EXPECT_EQ(printed(sample, Show::kChanges), "token = \"***\"\n");
  sample.token = Secret(Secret::Source::kFile, "keys/token", "hush");
  EXPECT_EQ(printed(sample, Show::kChanges), "[token]\nfile = \"keys/token\"\n");
  sample.token = Secret(Secret::Source::kEnvironment, "TOKEN", "hush");
  EXPECT_EQ(printed(sample, Show::kChanges), "[token]\nenv = \"TOKEN\"\n");
}

// Two levels of defaults: those of the field itself and those set by its parent.
struct Nested {
  sample::Retry retry{5, {"reset"}, {}};
  std::optional<sample::Retry> other = sample::Retry{7, {}, {}};
  std::vector<std::string> words = {"a"};
  std::map<std::string, int> numbers = {{"one", 1}};

  static void read(Table& table, Nested& out) {
    table.read("retry", out.retry, "Nested.");
    table.read("other", out.other, "Nested and optional.");
    table.read("words", out.words, "An array.");
    table.read("numbers", out.numbers, "A map.");
  }
  friend bool operator==(const Nested&, const Nested&) = default;
};

std::string printedNested(const Nested& parent) {
  return tomlText(showSettings(parent, Extensions()));
}

Nested readBack(const Nested& parent) {
  Diagnostics diagnostics;
  Document document = Document::parse(printedNested(parent), "x", diagnostics);
  Nested back;
  readSettings(document, Extensions(), back, diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  return back;
}

TEST(Printing, DefaultsOfTheParentCount) {
  EXPECT_EQ(printedNested(Nested()), "");
  Nested parent;
  parent.retry.attempts = 2;
  EXPECT_EQ(printedNested(parent), "[retry]\nattempts = 2\n");
  EXPECT_EQ(readBack(parent), parent);
}

TEST(Printing, WhatReplacesADefaultIsWhole) {
  Nested parent;
  parent.other = sample::Retry{7, {"x"}, {}};
  parent.words = {};
  parent.numbers = {{"one", 1}, {"two", 2}};
  EXPECT_EQ(printedNested(parent),
            "words = []\n\n[other]\nattempts = 7\non = [\"x\"]\n\n[numbers]\none = 1\ntwo = 2\n");
  EXPECT_EQ(readBack(parent), parent);
  parent.other = sample::Retry();
  parent.numbers = {};
  EXPECT_EQ(printedNested(parent), "words = []\n\n[other]\n\n[numbers]\n");
  EXPECT_EQ(readBack(parent), parent);
}

TEST(Toml, LongArraysGetALinePerElement) {
  const std::string word(60, 'x');
  Value::Table table;
  table.push_back({"a", Value(Value::Array{Value(word), Value(word)}), {}, false});
  EXPECT_EQ(tomlText(Value(table)), "a = [\n  \"" + word + "\",\n  \"" + word + "\",\n]\n");
}

TEST(Toml, LongTablesInTablesGetAHeader) {
  const std::string word(90, 'x');
  Value::Table inner;
  inner.push_back({"w", Value(word), {}, false});
  Value::Table outer;
  outer.push_back({"long", Value(inner), {}, false});
  outer.push_back({"n", Value(std::int64_t{1}), {}, false});
  Value::Table top;
  top.push_back({"outer", Value(outer), {}, false});
  EXPECT_EQ(tomlText(Value(top)), "[outer]\nn = 1\n\n[outer.long]\nw = \"" + word + "\"\n");
}

TEST(Toml, EscapesWhatMustBe) {
  EXPECT_EQ(quotedToml(std::string("a\"\\\n\r\t\x01\x7f\0\u00fc", 11)),
            "\"a\\\"\\\\\\n\\r\\t\\u0001\\u007f\\u0000\u00fc\"");
  EXPECT_EQ(tomlKey("a-b_9"), "a-b_9");
  EXPECT_EQ(tomlKey("a.b"), "\"a.b\"");
  EXPECT_EQ(tomlKey(""), "\"\"");
}

TEST(Toml, NumbersStayNumbers) {
  EXPECT_EQ(inlineToml(Value(1.0)), "1.0");
  EXPECT_EQ(inlineToml(Value(0.1)), "0.1");
  EXPECT_EQ(inlineToml(Value(1e300)), "1e+300");
  EXPECT_EQ(inlineToml(Value(-std::numeric_limits<double>::infinity())), "-inf");
  EXPECT_EQ(inlineToml(Value(std::numeric_limits<double>::quiet_NaN())), "nan");
}

TEST(Json, WritesEveryKindOfValue) {
  const Value value(Value::Table{{"a", Value(true), {}, false},
                                 {"b", Value(Value::Array{Value(1.5), Value()}), {}, false},
                                 {"c", Value(Value::Table{}), {}, false},
                                 {"d", Value(std::string("\x1f\r\t\\")), {}, false},
                                 {"e", Value(std::numeric_limits<double>::infinity()), {}, false}});
  EXPECT_EQ(jsonText(value),
            "{\n  \"a\": true,\n  \"b\": [\n    1.5,\n    null\n  ],\n  \"c\": {},\n"
            "  \"d\": \"\\u001f\\r\\t\\\\\",\n  \"e\": null\n}");
}

}  // namespace
}  // namespace weir::config
