#include "core/config/table.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "tests/core/config/sample.h"

namespace weir::config {
namespace {

using sample::Color;
using sample::read;
using sample::Sample;
using sample::sampleOf;

// A single field `x` of any type.
template <typename T>
struct One {
  T x{};
  static void read(Table& table, One& out) { table.read("x", out.x, "A field."); }
};

template <typename T>
T valueOf(std::string_view text) {
  One<T> one;
  EXPECT_EQ(read("x = " + std::string(text), one), "");
  return one.x;
}

template <typename T>
std::string mistakeOf(std::string_view text) {
  One<T> one;
  return read("x = " + std::string(text), one);
}

TEST(Table, AFieldThatIsNotGivenKeepsItsDefault) {
  const Sample sample = sampleOf("");
  EXPECT_EQ(sample.port, 80);
  EXPECT_EQ(sample.timeout, std::chrono::seconds(5));
  EXPECT_EQ(sample.workers, std::nullopt);
}

TEST(Table, AFieldWithAMistakeKeepsItsDefault) {
  Sample sample;
  read("port = 70000\nlimit = 'x'\nquiet = true\n", sample);
  EXPECT_EQ(sample.port, 80);
  EXPECT_EQ(sample.limit, Size{65536});
  EXPECT_TRUE(sample.quiet);
}

TEST(Table, IntegersOfAllWidthsTakeWhatFits) {
  EXPECT_EQ(valueOf<std::uint8_t>("255"), 255);
  EXPECT_EQ(valueOf<std::int8_t>("-128"), -128);
  EXPECT_EQ(valueOf<std::uint16_t>("65_535"), 65535);
  EXPECT_EQ(valueOf<std::uint32_t>("0xFFFFFFFF"), 4294967295U);
  EXPECT_EQ(valueOf<std::int64_t>("-9223372036854775808"),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(valueOf<std::uint64_t>("9223372036854775807"), 9223372036854775807ULL);
}

TEST(Table, IntegersRefuseWhatDoesNotFit) {
  EXPECT_EQ(mistakeOf<std::uint8_t>("256"), "weir.toml:1:5: x: 256 is above the maximum of 255\n");
  EXPECT_EQ(mistakeOf<std::int8_t>("-129"),
            "weir.toml:1:5: x: -129 is below the minimum of -128\n");
  EXPECT_EQ(mistakeOf<std::uint64_t>("-1"), "weir.toml:1:5: x: -1 is below the minimum of 0\n");
  EXPECT_EQ(mistakeOf<int>("1.0"), "weir.toml:1:5: x: expected an integer, found a number\n");
  EXPECT_EQ(mistakeOf<int>("'1'"), "weir.toml:1:5: x: expected an integer, found \"1\"\n");
  EXPECT_EQ(mistakeOf<int>("true"), "weir.toml:1:5: x: expected an integer, found a boolean\n");
  EXPECT_EQ(mistakeOf<int>("2020-01-01"),
            "weir.toml:1:5: x: expected an integer, found a date or time\n");
}

TEST(Table, NumbersAreFinite) {
  EXPECT_EQ(valueOf<double>("1.5"), 1.5);
  EXPECT_EQ(valueOf<double>("-3"), -3.0);
  EXPECT_EQ(mistakeOf<double>("inf"), "weir.toml:1:5: x: must be finite\n");
  EXPECT_EQ(mistakeOf<double>("nan"), "weir.toml:1:5: x: must be finite\n");
  EXPECT_EQ(mistakeOf<double>("[1]"), "weir.toml:1:5: x: expected a number, found an array\n");
}

TEST(Table, TextsAndBooleansAreNothingElse) {
  EXPECT_EQ(valueOf<std::string>("'a\\b'"), "a\\b");
  EXPECT_EQ(valueOf<bool>("true"), true);
  EXPECT_EQ(mistakeOf<std::string>("5"), "weir.toml:1:5: x: expected a string, found an integer\n");
  EXPECT_EQ(mistakeOf<bool>("{}"), "weir.toml:1:5: x: expected true or false, found a table\n");
}

TEST(Table, DurationsMustSuitTheirType) {
  EXPECT_EQ(valueOf<Milliseconds>("'1.5s'"), Milliseconds(1500));
  EXPECT_EQ(valueOf<Milliseconds>("0"), Milliseconds(0));
  EXPECT_EQ(valueOf<Nanoseconds>("'1us'"), Nanoseconds(1000));
  EXPECT_EQ(valueOf<std::chrono::seconds>("'2m'"), std::chrono::seconds(120));
  EXPECT_EQ(mistakeOf<std::chrono::seconds>("'1500ms'"),
            "weir.toml:1:5: x: expected a duration such as \"30s\", in whole seconds, found "
            "\"1500ms\"\n");
  EXPECT_EQ(mistakeOf<Milliseconds>("'1us'"),
            "weir.toml:1:5: x: expected a duration such as \"250ms\", in whole milliseconds, found "
            "\"1us\"\n");
  EXPECT_EQ(mistakeOf<Nanoseconds>("-1"),
            "weir.toml:1:5: x: expected a duration such as \"250ms\", found an integer\n");
}

TEST(Table, PercentagesMayBePlainNumbers) {
  EXPECT_EQ(valueOf<Percent>("20"), Percent{20});
  EXPECT_EQ(valueOf<Percent>("12.5"), Percent{12.5});
  EXPECT_EQ(valueOf<Percent>("'12.5%'"), Percent{12.5});
  EXPECT_EQ(mistakeOf<Percent>("-1"),
            "weir.toml:1:5: x: expected a percentage such as \"20%\" or 20, found an integer\n");
  EXPECT_EQ(mistakeOf<Percent>("inf"),
            "weir.toml:1:5: x: expected a percentage such as \"20%\" or 20, found a number\n");
}

TEST(Table, AddressesSayWhatTheyShouldLookLike) {
  EXPECT_EQ(valueOf<Address>("'[::1]:80'"), (Address{"::1", 80, {}}));
  EXPECT_EQ(mistakeOf<Address>("'localhost'"),
            "weir.toml:1:5: x: expected an address such as \"10.0.0.1:80\", \":80\" or "
            "\"unix:/run/x.sock\", found \"localhost\"\n");
}

TEST(Table, WordsBecomeEnumerators) {
  const Sample sample = sampleOf("color = 'blue'\ncolors = ['red', 'blue']");
  EXPECT_EQ(sample.color, Color::kBlue);
  EXPECT_EQ(sample.colors, (std::vector{Color::kRed, Color::kBlue}));
}

TEST(Table, AWordMayStandForNoValue) {
  EXPECT_EQ(sampleOf("timeout = 'off'").timeout, std::nullopt);
  EXPECT_EQ(sampleOf("workers = 'auto'").workers, std::nullopt);
  EXPECT_EQ(sampleOf("workers = 4").workers, 4U);
  EXPECT_EQ(mistakeOf<std::optional<int>>("'off'"),
            "weir.toml:1:5: x: expected an integer, found \"off\"\n");
}

TEST(Table, ArraysReplaceTheDefault) {
  struct Words {
    std::vector<std::string> x = {"a", "b"};
    static void read(Table& table, Words& out) { table.read("x", out.x, "Words."); }
  } words;
  EXPECT_EQ(read("x = ['c']", words), "");
  EXPECT_EQ(words.x, std::vector<std::string>{"c"});
  EXPECT_EQ(mistakeOf<std::vector<std::string>>("'c'"),
            "weir.toml:1:5: x: expected an array, found \"c\"\n");
  EXPECT_EQ((mistakeOf<std::vector<std::vector<int>>>("[[1], [2, 'a']]")),
            "weir.toml:1:15: x[1][1]: expected an integer, found \"a\"\n");
}

TEST(Table, PairsKeepTheOrderOfTheFile) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(sampleOf("headers = { z = '1', a = '2', m = '3' }").headers,
            (Pairs{{"z", "1"}, {"a", "2"}, {"m", "3"}}));
  const Sample sample = sampleOf(
      "[upstream.z]\ndiscovery = { dns = 'z:1' }\n"
      "[upstream.a]\ndiscovery = { dns = 'a:1' }\n");
  EXPECT_EQ(sample.upstreams[0].first, "z");
  EXPECT_EQ(sample.upstreams[1].first, "a");
}

TEST(Table, MapsHoldNamesOfTheUser) {
  EXPECT_EQ(sampleOf("[ports]\nhttp = 80\nhttps = 443").ports,
            (std::map<std::string, std::uint32_t>{{"http", 80}, {"https", 443}}));
  Sample sample;
  EXPECT_EQ(read("[upstream]", sample), "weir.toml:1:1: upstream: must not be empty\n");
}

TEST(Table, ATableOfSettingsStartsFromItsDefaults) {
  struct Parent {
    sample::Retry retry{5, {"reset"}, {}};
    std::optional<sample::Retry> other = sample::Retry{7, {}, {}};
    static void read(Table& table, Parent& out) {
      table.read("retry", out.retry, "Its default is the parent's.");
      table.read("other", out.other, "Starts afresh where it is given.");
    }
  } parent;
  EXPECT_EQ(read("retry = { pause = '1s' }\nother = { pause = '2s' }", parent), "");
  EXPECT_EQ(parent.retry, (sample::Retry{5, {"reset"}, Milliseconds(1000)}));
  EXPECT_EQ(parent.other, (sample::Retry{2, {}, Milliseconds(2000)}));
}

TEST(Table, AShortFormStandsForATableWithOneKey) {
  using Endpoints = std::vector<sample::Endpoint>;
  EXPECT_EQ(valueOf<Endpoints>("['a:80', { address = 'b:81', weight = 3 }]"),
            (Endpoints{{{"a", 80, {}}, 1}, {{"b", 81, {}}, 3}}));
  EXPECT_EQ(mistakeOf<Endpoints>("['a:80', 'b']"),
            "weir.toml:1:14: x[1].address: expected an address such as \"10.0.0.1:80\", \":80\" or "
            "\"unix:/run/x.sock\", found \"b\"\n");
}

TEST(Table, KindsAreChosenByTheirKey) {
  const Sample sample = sampleOf(
      "[[route]]\nname = 'a'\nupstream = 'u'\n"
      "filters = [{ limit = { burst = 7 } }, { tag = 'x' }]\n"
      "[upstream.u]\ndiscovery = { static = ['a:80'] }\n");
  const std::vector<Selected>& filters = sample.routes[0].filters;
  ASSERT_EQ(filters.size(), 2U);
  EXPECT_EQ(filters[0].kind(), "limit");
  EXPECT_EQ(filters[0].as<sample::Limit>()->burst, 7U);
  EXPECT_EQ(filters[0].as<std::string>(), nullptr);
  EXPECT_EQ(filters[0].location().text(), "weir.toml:4:12");
  EXPECT_EQ(*filters[1].as<std::string>(), "x");
  const Selected& discovery = sample.upstreams[0].second.discovery;
  EXPECT_EQ(discovery.as<std::vector<sample::Endpoint>>()->front().address.text(), "a:80");
}

struct Painting {
  Selected paint{"plain", nullptr, {}};

  static void read(Table& table, Painting& out) {
    table.read("paint", out.paint, table.kinds("paint"), "Kind of paint.");
  }
};

struct Oil {
  std::uint32_t coats = 2;

  static void read(Table& table, Oil& out) { table.read("coats", out.coats, "Number of coats."); }
  friend bool operator==(const Oil&, const Oil&) = default;
};

class NamedKindTest : public testing::Test {
 protected:
  NamedKindTest() {
    VariantSet& paints = extensions.family("paint");
    paints.allowNames();
    paints.add<NoSettings>("plain", "Without settings.");
    paints.add<Oil>("oil", "With settings that have defaults.");
    paints.add<sample::Endpoint>("spray", "With a required setting.");
  }
  Selected read(const std::string& text) {
    Diagnostics found;
    auto document = Document::parse("paint = " + text, "weir.toml", found);
    readSettings(document, extensions, painting, found);
    diagnostics = found.text();
    return painting.paint;
  }
  std::string shown(const std::string& text) {
    read(text);
    return tomlText(showSettings(painting, extensions));
  }

  Extensions extensions;
  Painting painting;
  std::string diagnostics;
};

TEST_F(NamedKindTest, MayBeWrittenAsItsNameAlone) {
  EXPECT_EQ(read("'oil'"), read("{ oil = {} }"));
  EXPECT_EQ(read("'plain'"), Painting().paint);
  EXPECT_NE(read("{ oil = { coats = 7 } }"), read("'oil'"));
  EXPECT_EQ(read("'oil'").location().text(), "weir.toml:1:9");
}

TEST_F(NamedKindTest, IsShownAsItsNameIfItHasOnlyDefaults) {
  EXPECT_EQ(shown("{ oil = {} }"), "paint = \"oil\"\n");
  EXPECT_EQ(shown("'plain'"), "");
  EXPECT_EQ(shown("{ oil = { coats = 7 } }"), "[paint.oil]\ncoats = 7\n");
}

TEST_F(NamedKindTest, IsRefusedWithASuggestionIfItIsUnknown) {
  read("'spay'");
  EXPECT_EQ(diagnostics,
            "weir.toml:1:9: paint: expected one of \"plain\", \"oil\", \"spray\", found \"spay\" "
            "(did you mean \"spray\"?)\n");
}

TEST_F(NamedKindTest, ReportsTheSettingsThatItRequires) {
  read("'spray'");
  EXPECT_EQ(diagnostics, "weir.toml:1:9: paint.spray.address: required, but not given\n");
}

TEST_F(NamedKindTest, IsInTheSchemaWithItsName) {
  const std::string reference = fieldReference(describeSettings<Painting>(extensions));
  EXPECT_THAT(reference,
              testing::HasSubstr("| `paint` | string or [table](#paint) | `\"plain\"` |"));
  EXPECT_THAT(reference, testing::HasSubstr("| `plain` | `{}` |"));
  EXPECT_THAT(jsonSchema(describeSettings<Painting>(extensions), "weir"),
              testing::HasSubstr("\"enum\": ["));
}

TEST(Table, AFamilyThatNobodyRegisteredIsEmpty) {
  EXPECT_TRUE(Extensions().family("nothing").all().empty());
}

// Runs checks as a settings struct does after its fields were read.
std::string afterReading(std::string_view text, const std::function<void(Table&)>& check) {
  Diagnostics diagnostics;
  Document document = Document::parse(text, "weir.toml", diagnostics);
  const Extensions extensions;
  Reading reading{document, diagnostics, extensions};
  Table::readAt(Entry(document.root(), {}, reading), {}, [&](Table& table) {
    std::vector<int> values;
    table.read("values", values, "Numbers.");
    check(table);
  });
  return diagnostics.text();
}

TEST(Table, ChecksAfterReadingPointAtTheirKey) {
  EXPECT_EQ(
      afterReading("\nvalues = [1, 2]", [](Table& table) { table.fail("values", "bad", "x"); }),
      "weir.toml:2:10: values: bad (did you mean \"x\"?)\n");
  EXPECT_EQ(afterReading("\nvalues = [1, 2]",
                         [](Table& table) { table.failElement("values", 1, "bad"); }),
            "weir.toml:2:14: values[1]: bad\n");
  EXPECT_EQ(
      afterReading("values = [1]", [](Table& table) { table.failElement("values", 1, "bad"); }),
      "weir.toml:1:10: values: bad\n");
  EXPECT_EQ(afterReading("", [](Table& table) { table.fail("values", "missing"); }),
            "weir.toml:1:1: values: missing\n");
  EXPECT_EQ(afterReading("", [](Table& table) { table.fail("", "all wrong"); }),
            "weir.toml:1:1: all wrong\n");
}

TEST(Table, KnowsWhatIsGivenAndWhere) {
  afterReading("\nvalues = [1]", [](Table& table) {
    EXPECT_TRUE(table.has("values"));
    EXPECT_FALSE(table.has("others"));
    EXPECT_EQ(table.location("values").text(), "weir.toml:2:10");
    EXPECT_EQ(table.location().text(), "weir.toml:1:1");
  });
}

}  // namespace
}  // namespace weir::config
