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
  const Type sample = describeSettings<sample::Sample>(sample::dialect());
  EXPECT_EQ(jsonSchema(sample, "sample"), expected("sample_schema.json"));
}

TEST(FieldReference, SaysAllThatTheSampleDeclares) {
  const Type sample = describeSettings<sample::Sample>(sample::dialect());
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
  EXPECT_EQ(jsonSchema(describeSettings<Loose>(Dialect()), "loose"), R"({
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
  EXPECT_EQ(fieldReference(describeSettings<Loose>(Dialect())), R"(## Top level

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
  const std::string reference = fieldReference(describeSettings(Dialect(), loose));
  EXPECT_NE(reference.find("| `b` | integer or \"off\" | `7` |  | Second. |"), std::string::npos);
}

}  // namespace
}  // namespace weir::config
