#include "core/config/diagnostics.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "tests/core/config/sample.h"

namespace weir::config {
namespace {

using sample::Sample;

// All diagnostics of a configuration.
std::string mistakesOf(std::string_view text) {
  Sample sample;
  return sample::read(text, sample);
}

TEST(Diagnostics, NameFileLineColumnAndPath) {
  EXPECT_EQ(mistakesOf("port = 80\n  quiet = 1\n"),
            "weir.toml:2:11: quiet: expected true or false, found an integer\n");
  EXPECT_EQ(mistakesOf("\n[[route]]\nname = 'a'\nupstream = 'u'\n[[route]]\nname = 'b'\n"
                       "upstream = 'u'\nretry = { attempts = 11 }\n"),
            "weir.toml:8:22: route[1].retry.attempts: 11 is above the maximum of 10\n");
}

TEST(Diagnostics, WithoutAPlaceNameThePathAlone) {
  const Diagnostic mistake = {{}, "listener public", "cannot listen", {}};
  EXPECT_EQ(mistake.text(), "listener public: cannot listen");
}

TEST(Diagnostics, AllAreReportedAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(mistakesOf("port = 70000\nspeed = 1\nquiet = 'yes'\n[[route]]\n"),
            "weir.toml:1:8: port: 70000 is above the maximum of 65535\n"
            "weir.toml:2:1: speed: unknown key\n"
            "weir.toml:3:9: quiet: expected true or false, found \"yes\"\n"
            "weir.toml:4:1: route[0].name: required, but not given\n"
            "weir.toml:4:1: route[0]: one of these is required: upstream, redirect\n");
}

TEST(Diagnostics, AnUnknownKeySuggestsAKnownOne) {
  EXPECT_EQ(mistakesOf("prot = 80"), "weir.toml:1:1: prot: unknown key (did you mean \"port\"?)\n");
  EXPECT_EQ(mistakesOf("Time-Out = '5s'"),
            "weir.toml:1:1: Time-Out: unknown key (did you mean \"timeout\"?)\n");
  EXPECT_EQ(mistakesOf("[fallback]\nattemps = 1"),
            "weir.toml:2:1: fallback.attemps: unknown key (did you mean \"attempts\"?)\n");
  EXPECT_EQ(mistakesOf("'a b' = 1"), "weir.toml:1:1: \"a b\": unknown key\n");
}

TEST(Diagnostics, AKeyIsUnknownToItsTableOnly) {
  EXPECT_EQ(mistakesOf("attempts = 3\n[fallback]\nport = 3"),
            "weir.toml:1:1: attempts: unknown key\n"
            "weir.toml:3:1: fallback.port: unknown key\n");
}

struct Renamed {
  int trusted_proxies = 0;
  int port = 0;
  static void read(Table& table, Renamed& out) {
    table.renamed("trusted", "trusted_proxies");
    table.read("trusted_proxies", out.trusted_proxies, "A key that had another name.");
    table.read("port", out.port, "One that had not.");
  }
};

TEST(Diagnostics, AKeyThatWasRenamedIsSuggestedByItsNewName) {
  Renamed settings;
  EXPECT_EQ(sample::read("trusted = 1\nprot = 2", settings),
            "weir.toml:1:1: trusted: unknown key (did you mean \"trusted_proxies\"?)\n"
            "weir.toml:2:1: prot: unknown key (did you mean \"port\"?)\n");
  EXPECT_EQ(sample::read("trusted_proxies = 1", settings), "");
}

TEST(Diagnostics, AnUnknownWordSuggestsAKnownOne) {
  EXPECT_EQ(mistakesOf("color = 'rde'"),
            "weir.toml:1:9: color: expected one of \"red\", \"blue\", found \"rde\" (did you mean "
            "\"red\"?)\n");
  EXPECT_EQ(mistakesOf("colors = ['blue', 7, 'green']"),
            "weir.toml:1:10: colors: has 3 elements, allowed: at most 2 elements\n"
            "weir.toml:1:19: colors[1]: expected one of \"red\", \"blue\", found an integer\n"
            "weir.toml:1:22: colors[2]: expected one of \"red\", \"blue\", found \"green\"\n");
}

TEST(Diagnostics, AMissingUnitIsSuggested) {
  EXPECT_EQ(
      mistakesOf("timeout = 5"),
      "weir.toml:1:11: timeout: expected a duration such as \"250ms\", in whole milliseconds, "
      "found an integer (did you mean \"5s\"?)\n");
  EXPECT_EQ(mistakesOf("limit = '64kb'"),
            "weir.toml:1:9: limit: expected a size such as \"64KiB\", found \"64kb\" (did you mean "
            "\"64KiB\"?)\n");
  EXPECT_EQ(mistakesOf("rate = 1.5"),
            "weir.toml:1:8: rate: expected a rate such as \"100/s\", found a number (did you mean "
            "\"1.5/s\"?)\n");
}

TEST(Diagnostics, RangesAreToldInTheUnitOfTheField) {
  EXPECT_EQ(mistakesOf("timeout = '2h'"),
            "weir.toml:1:11: timeout: 2h is above the maximum of 1h\n");
  EXPECT_EQ(mistakesOf("timeout = 0"), "weir.toml:1:11: timeout: 0s is below the minimum of 1ms\n");
  EXPECT_EQ(mistakesOf("limit = '2MiB'"),
            "weir.toml:1:9: limit: 2MiB is above the maximum of 1MiB\n");
  EXPECT_EQ(mistakesOf("rate = '1/m'"), "weir.toml:1:8: rate: 1/m is below the minimum of 1/s\n");
  EXPECT_EQ(mistakesOf("factor = 0.25"),
            "weir.toml:1:10: factor: 0.25 is below the minimum of 0.5\n");
  EXPECT_EQ(mistakesOf("port = 0"), "weir.toml:1:8: port: 0 is below the minimum of 1\n");
  EXPECT_EQ(mistakesOf("ports = { a = -1, b = 4294967296 }"),
            "weir.toml:1:15: ports.a: -1 is below the minimum of 0\n"
            "weir.toml:1:23: ports.b: 4294967296 is above the maximum of 4294967295\n");
  EXPECT_EQ(mistakesOf("[upstream.a]\ndiscovery = { dns = 'a:80' }\nbudget = 101"),
            "weir.toml:3:10: upstream.a.budget: 101% is above the maximum of 100%\n");
}

TEST(Diagnostics, ExclusiveKeysDoNotStandTogether) {
  EXPECT_EQ(mistakesOf("[[route]]\nname = 'a'\nupstream = 'u'\nredirect = 'r'"),
            "weir.toml:4:12: route[0].redirect: cannot be combined with upstream\n");
}

TEST(Diagnostics, AKindMustBeKnownAndAlone) {
  const std::string route = "[[route]]\nname = 'a'\nupstream = 'u'\nfilters = ";
  EXPECT_EQ(mistakesOf(route + "[{ limits = {} }]"),
            "weir.toml:4:14: route[0].filters[0].limits: unknown key (did you mean \"limit\"?)\n");
  EXPECT_EQ(mistakesOf(route + "[{ limit = {}, tag = 'x' }]"),
            "weir.toml:4:32: route[0].filters[0].tag: cannot be combined with limit\n");
  EXPECT_EQ(mistakesOf(route + "[{}, { limit = 5 }, { limit = { brust = 1 } }, { tag = '' }]"),
            "weir.toml:4:12: route[0].filters[0]: one of these is required: limit, tag\n"
            "weir.toml:4:26: route[0].filters[1].limit: expected a table, found an integer\n"
            "weir.toml:4:43: route[0].filters[2].limit.brust: unknown key (did you mean "
            "\"burst\"?)\n"
            "weir.toml:4:66: route[0].filters[3].tag: must not be empty\n");
}

TEST(Diagnostics, ATextOfTheUserIsQuotedAndCut) {
  EXPECT_EQ(mistakesOf("rate = \"a\\n\\u0001\""),
            "weir.toml:1:8: rate: expected a rate such as \"100/s\", found \"a\\n\\u0001\"\n");
  const std::string cut(60, 'x');
  EXPECT_EQ(mistakesOf("rate = '" + cut + "y'"),
            "weir.toml:1:8: rate: expected a rate such as \"100/s\", found \"" + cut + "...\"\n");
  const std::string umlauts = std::string(59, 'x') + "\u00fc";
  EXPECT_EQ(mistakesOf("rate = '" + umlauts + "y'"),
            "weir.toml:1:8: rate: expected a rate such as \"100/s\", found \"" +
                std::string(59, 'x') + "...\"\n");
}

TEST(Diagnostics, ASyntaxErrorEndsTheReading) {
  const std::string diagnostics = mistakesOf("prot = 1\nport = = 2\n");
  EXPECT_EQ(diagnostics.find("weir.toml:2:8: "), 0U) << diagnostics;
  EXPECT_EQ(diagnostics.find('\n'), diagnostics.size() - 1) << diagnostics;
}

TEST(Diagnostics, AreWrittenAsJsonForPrograms) {
  Diagnostics diagnostics;
  diagnostics.add({{"b.toml", 3, 7}, "port", "is \"bad\"", ""});
  diagnostics.add({{"a.toml", 0, 0}, "", "cannot be read", "x"});
  diagnostics.warn({{"a.toml", 9, 1}, "route", "is odd", ""});
  EXPECT_EQ(diagnostics.json(),
            R"([
  {
    "severity": "error",
    "file": "a.toml",
    "line": 0,
    "column": 0,
    "path": "",
    "what": "cannot be read",
    "suggestion": "x"
  },
  {
    "severity": "error",
    "file": "b.toml",
    "line": 3,
    "column": 7,
    "path": "port",
    "what": "is \"bad\"",
    "suggestion": ""
  },
  {
    "severity": "warning",
    "file": "a.toml",
    "line": 9,
    "column": 1,
    "path": "route",
    "what": "is odd",
    "suggestion": ""
  }
])");
  EXPECT_EQ(diagnostics.size(), 2U);
  EXPECT_EQ(diagnostics.text(),
            "a.toml: cannot be read (did you mean \"x\"?)\nb.toml:3:7: port: is \"bad\"\n"
            "a.toml:9:1: warning: route: is odd\n");
  EXPECT_EQ(Diagnostics().json(), "[]");
}

TEST(Diagnostics, WarningsAreNoMistakes) {
  Diagnostics diagnostics;
  diagnostics.warn({{"a.toml", 1, 1}, "route[0]", "never matches", ""});
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(diagnostics.size(), 0U);
  EXPECT_TRUE(diagnostics.sorted().empty());
  EXPECT_EQ(diagnostics.warnings().size(), 1U);
}

TEST(Diagnostics, EscapeControlCharacters) {
  const Diagnostic mistake = {{"a\n.toml", 1, 1}, "route", "unknown \x1b[2Jword\x7f", "\r"};
  EXPECT_EQ(mistake.text(),
            "a\\x0a.toml:1:1: route: unknown \\x1b[2Jword\\x7f (did you mean \"\\x0d\"?)");
}

TEST(Diagnostics, SuggestTheFormOfATable) {
  EXPECT_EQ(mistakesOf("route = ['a']\n"),
            "weir.toml:1:10: route[0]: expected a table, found \"a\" (did you mean { name = \"a\" "
            "}?)\n");
  const std::string one = mistakesOf("[route]\nname = 'a'\n");
  EXPECT_NE(one.find("route: expected an array, found a table (did you mean \"[[route]]\"?)"),
            std::string::npos)
      << one;
}

}  // namespace
}  // namespace weir::config
