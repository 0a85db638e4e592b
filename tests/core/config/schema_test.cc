#include <string>

#include <gtest/gtest.h>

#include "core/config/file_text.h"
#include "core/config/settings.h"
#include "tests/core/config/sample.h"

namespace weir::config {
namespace {

std::string expected(const std::string& name) {
  return readFileText("tests/core/config/" + name).text;
}

TEST(JsonSchema, SaysAllThatTheSampleDeclares) {
  const Type sample = describeSettings<sample::Sample>(sample::extensions());
  EXPECT_EQ(jsonSchema(sample, "sample"), expected("sample_schema.json"));
}

TEST(FieldReference, SaysAllThatTheSampleDeclares) {
  const Type sample = describeSettings<sample::Sample>(sample::extensions());
  EXPECT_EQ(fieldReference(sample), expected("sample_reference.md"));
}

struct Loose {
  std::optional<int> a;
  std::optional<int> b;
  static void read(Table& table, Loose& out) {
    table.read("a", out.a, "First.");
    table.read("b", out.b, "Second.", {.none = "off"});
    table.atMostOneOf({"a", "b"});
  }
};

TEST(JsonSchema, KeysThatExcludeEachOtherMayBothBeAbsent) {
  EXPECT_EQ(jsonSchema(describeSettings<Loose>(Extensions()), "loose"), R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "loose",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "a": {
      "description": "First.",
      "type": "integer"
    },
    "b": {
      "description": "Second.",
      "default": "off",
      "anyOf": [
        {
          "type": "integer"
        },
        {
          "type": "string",
          "enum": [
            "off"
          ]
        }
      ]
    }
  },
  "allOf": [
    {
      "oneOf": [
        {
          "required": [
            "a"
          ]
        },
        {
          "required": [
            "b"
          ]
        },
        {
          "not": {
            "anyOf": [
              {
                "required": [
                  "a"
                ]
              },
              {
                "required": [
                  "b"
                ]
              }
            ]
          }
        }
      ]
    }
  ]
}
)");
}

TEST(FieldReference, KeysThatExcludeEachOtherAreNamed) {
  EXPECT_EQ(fieldReference(describeSettings<Loose>(Extensions())), R"(## Top level

At most one of `a`, `b`.

| key | type | default | range | meaning |
| --- | --- | --- | --- | --- |
| `a` | integer |  |  | First. |
| `b` | integer or "off" | `"off"` |  | Second. |
)");
}

TEST(DescribeSettings, DefaultsAreThoseOfTheGivenSettings) {
  Loose loose;
  loose.b = 7;
  const std::string reference = fieldReference(describeSettings(Extensions(), loose));
  EXPECT_NE(reference.find("| `b` | integer or \"off\" | `7` |  | Second. |"), std::string::npos);
}

struct Roles {
  ByRole<Milliseconds> timeout{std::chrono::seconds(10), Milliseconds(0)};
  ByRole<bool> strict{true, false};

  static void read(Table& table, Roles& out) {
    table.read("timeout", out.timeout, "Of a request.", {.max = std::chrono::minutes(1)});
    table.read("strict", out.strict, "Whether it is strict.");
  }
};

TEST(FieldReference, NamesTheDefaultOfEachRole) {
  EXPECT_EQ(fieldReference(describeSettings<Roles>(Extensions())), R"(## Top level

| key | type | default | range | meaning |
| --- | --- | --- | --- | --- |
| `timeout` | duration | `"10s"` in a gateway, `"0s"` in a sidecar | at most 1m | Of a request. |
| `strict` | boolean | `true` in a gateway, `false` in a sidecar |  | Whether it is strict. |
)");
}

TEST(JsonSchema, NamesTheDefaultOfEachRoleInTheDescription) {
  const std::string schema = jsonSchema(describeSettings<Roles>(Extensions()), "roles");
  EXPECT_NE(schema.find("Whether it is strict. Default: true in a gateway, false in a sidecar."),
            std::string::npos);
}

TEST(Settle, GivesTheDefaultsOfTheRole) {
  Roles roles;
  settle(roles, Role::kSidecar);
  EXPECT_EQ(roles.timeout, Milliseconds(0));
  EXPECT_FALSE(roles.strict);
  settle(roles, Role::kGateway);
  EXPECT_EQ(roles.timeout, Milliseconds(10'000));
  EXPECT_TRUE(roles.strict);
}

TEST(Settle, LeavesWhatWasGiven) {
  Roles roles;
  EXPECT_EQ(sample::read("timeout = \"3s\"", roles), "");
  settle(roles, Role::kSidecar);
  EXPECT_EQ(roles.timeout, Milliseconds(3'000));
  EXPECT_TRUE(roles.timeout.given());
  EXPECT_FALSE(roles.strict);
  const Extensions extensions;
  EXPECT_EQ(tomlText(showSettings(roles, extensions)), "timeout = \"3s\"\n");
}

TEST(Settle, ReachesTablesInTables) {
  struct Outer {
    Roles inner;
    std::optional<Roles> given = Roles();
    static void read(Table& table, Outer& out) {
      table.read("inner", out.inner, "A table.");
      table.read("given", out.given, "Another.");
    }
  };
  Outer outer;
  settle(outer, Role::kSidecar);
  EXPECT_EQ(outer.inner.timeout, Milliseconds(0));
  EXPECT_EQ(outer.given->timeout, Milliseconds(0));
}

struct Bytes {
  std::uint32_t window = 64 * 1024;
  Origin origin;

  static void read(Table& table, Bytes& out) {
    table.readBytes("window", out.window, "Of a stream.", {.max = Size{1 << 20}});
    table.locate(out.origin, "window");
  }
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

TEST(Bytes, AreANumberThatIsWrittenAsASize) {
  Bytes bytes;
  EXPECT_EQ(sample::read("window = \"2KiB\"", bytes), "");
  EXPECT_EQ(bytes.window, 2048U);
  EXPECT_NE(sample::read("window = \"2MiB\"", bytes), "");
  EXPECT_EQ(bytes.window, 2048U);
  const std::string reference = fieldReference(describeSettings<Bytes>(Extensions()));
  EXPECT_NE(reference.find("| `window` | size | `\"64KiB\"` | at most 1MiB |"), std::string::npos);
}

TEST(Origin, TellsWhereSettingsStandAndDoesNotTellThemApart) {
  Bytes one;
  Bytes other;
  EXPECT_EQ(sample::read("window = \"2KiB\"", one), "");
  EXPECT_EQ(sample::read("\n\nwindow = \"2KiB\"", other), "");
  EXPECT_EQ(one.origin.location.line, 1U);
  EXPECT_EQ(other.origin.location.line, 3U);
  EXPECT_TRUE(other.origin.clean);
  EXPECT_EQ(one, other);
}

TEST(Selected, IsEqualByItsSettings) {
  struct Holder {
    Selected chosen;
    static void read(Table& table, Holder& out) {
      table.read("chosen", out.chosen, table.kinds("discovery"), "A choice.");
    }
  };
  const auto chosen = [](const std::string& text) {
    Holder holder;
    EXPECT_EQ(sample::read("chosen = " + text, holder), "");
    return holder.chosen;
  };
  const Selected one = chosen("{ static = [\"a:1\"] }");
  EXPECT_EQ(one, chosen("{ static = [\"a:1\"] }"));
  EXPECT_NE(one, chosen("{ static = [\"a:2\"] }"));
  EXPECT_NE(one, chosen("{ dns = \"a:1\" }"));
  EXPECT_NE(one, Selected());
  EXPECT_EQ(Selected(), Selected());
}

}  // namespace
}  // namespace weir::config
