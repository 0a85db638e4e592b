#include "observability/access_log/settings.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/config/settings.h"

namespace weir::access_log {
namespace {

struct Reading {
  Settings settings;
  config::Diagnostics diagnostics;

  explicit Reading(std::string_view toml) {
    config::Document document = config::Document::parse(toml, "weir.toml", diagnostics);
    const config::Extensions extensions;
    config::readSettings(document, extensions, settings, diagnostics);
  }
};

std::string mistakesIn(std::string_view toml) { return Reading(toml).diagnostics.text(); }

TEST(Settings, HaveDefaults) {
  const Reading reading("");
  EXPECT_TRUE(reading.diagnostics.empty()) << reading.diagnostics.text();
  EXPECT_EQ(reading.settings, Settings{});
  EXPECT_EQ(reading.settings.file, "stdout");
  EXPECT_EQ(formatOf(reading.settings), Format::json(defaultFields()));
}

TEST(Settings, ReadEveryKey) {
  const Reading reading(R"(
      file = "/var/log/weir/access.log"
      format = "json"
      fields = ["time", "request.id", "request.header.user-agent"]
      sample = "10%"
      when = "response.status == 404"
      redact_query = true)");
  EXPECT_TRUE(reading.diagnostics.empty()) << reading.diagnostics.text();
  const Settings& settings = reading.settings;
  EXPECT_EQ(settings.file, "/var/log/weir/access.log");
  ASSERT_EQ(settings.fields.size(), 3U);
  EXPECT_EQ(jsonKey(settings.fields[2]), "request_header_user_agent");
  EXPECT_EQ(settings.sample.value, 10);
  EXPECT_EQ(settings.when.text(), "response.status == 404");
  EXPECT_TRUE(settings.redact_query);
}

TEST(Settings, SayWhereAConditionIsWrong) {
  EXPECT_EQ(mistakesIn("when = \"response.status > 400 && respons.size > 1\""),
            "weir.toml:1:34: when: there is no variable \"respons\" (did you mean "
            "\"response.size\"?)\n");
  EXPECT_EQ(mistakesIn("when = \"\"\"\n  response.status > 400\n  && request.host > 1\"\"\""),
            "weir.toml:3:19: when: no operator \">\" for string and int\n");
  EXPECT_EQ(mistakesIn("when = 'response.status'"),
            "weir.toml:1:9: when: the expression must have the type bool, not int\n");
  EXPECT_FALSE(mistakesIn("when = ''").empty());
}

TEST(Settings, SuggestAnExpressionForATable) {
  EXPECT_EQ(mistakesIn("when = { status = [404, \"5xx\", \"<200\"] }"),
            "weir.toml:1:8: when: expected an expression, found a table (did you mean "
            "\"response.status == 404 || response.status / 100 == 5 || response.status < "
            "200\"?)\n");
  EXPECT_EQ(mistakesIn("when = { status = \"400-499\", min_duration = \"1s\", reason = true }"),
            "weir.toml:1:8: when: expected an expression, found a table (did you mean "
            "\"(response.status >= 400 && response.status <= 499) || response.duration >= "
            "duration('1s') || has(response.reason)\"?)\n");
  EXPECT_EQ(mistakesIn("when = { state = 1 }"),
            "weir.toml:1:8: when: expected an expression, found a table\n");
}

// "time, duration, ..., response.header.NAME"
std::string allFields() {
  std::string text;
  for (const std::string_view name : fieldNames()) text += std::string(name) + ", ";
  return text + "request.header.NAME, response.header.NAME";
}

TEST(Settings, WarnOfAFormatWithoutFields) {
  const Reading reading("format = \"jsn\"");
  EXPECT_TRUE(reading.diagnostics.empty());
  EXPECT_EQ(
      reading.diagnostics.text(),
      "weir.toml:1:10: warning: format: has no field, so that all lines are the same (did you "
      "mean \"json\"?)\n");
}

TEST(Settings, SayWhatIsWrong) {
  EXPECT_EQ(
      mistakesIn("format = \"${request.colour}\""),
      "weir.toml:1:10: format: there is no field request.colour; there are " + allFields() + "\n");
  EXPECT_EQ(mistakesIn("fields = [\"time\", \"reqest.id\"]"),
            "weir.toml:1:19: fields[1]: there is no field reqest.id; there are " + allFields() +
                " (did you mean \"request.id\"?)\n");
  EXPECT_EQ(mistakesIn("fields = [\"request.header.cookie\"]"),
            "weir.toml:1:11: fields[0]: the header cookie holds credentials and is never "
            "logged\n");
}

TEST(Settings, RefuseWhatIsOutOfRange) {
  EXPECT_FALSE(mistakesIn("sample = \"101%\"").empty());
  EXPECT_FALSE(mistakesIn("file = \"\"").empty());
  EXPECT_FALSE(mistakesIn("formt = \"json\"").empty());
}

TEST(Settings, AreReadBackAsTheyArePrinted) {
  const Reading first(R"(
      file = "stderr"
      fields = ["time", "response.header.content-type"]
      sample = "0.5%"
      when = "response.status < 400 || request.path == '/a'")");
  const config::Extensions extensions;
  const config::Value printed = config::showSettings(first.settings, extensions);
  const Reading second(config::tomlText(printed));
  EXPECT_TRUE(second.diagnostics.empty()) << second.diagnostics.text();
  EXPECT_EQ(second.settings, first.settings);
}

}  // namespace
}  // namespace weir::access_log
