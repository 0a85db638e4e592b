#include "core/config/environment.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/config/toml_writer.h"

namespace weir::config {
namespace {

struct EnvironmentSample {
  std::string text;
  std::uint32_t number = 1;
  bool flag = false;
  double share = 0.5;
  Milliseconds limit{1'000};
  Address address;
  Secret secret;
  std::optional<std::uint32_t> workers;
  std::vector<std::string> list;

  static void read(Table& table, EnvironmentSample& out) {
    table.read("text", out.text, "A text.");
    table.read("number", out.number, "A number.", {.max = 9});
    table.read("flag", out.flag, "A flag.");
    table.read("share", out.share, "A share.");
    table.read("limit", out.limit, "A limit.");
    table.read("address", out.address, "An address.");
    table.read("secret", out.secret, "A secret.");
    table.read("workers", out.workers, "A number or auto.", {.none = "auto"});
    table.read("list", out.list, "Texts.");
  }
};

class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() {
    set("WEIR_TEST_NAME", "orders");
    set("WEIR_TEST_EMPTY", "");
    set("WEIR_TEST_NUMBER", "7");
    set("WEIR_TEST_TRUE", "true");
    set("WEIR_TEST_DOLLARS", "a$$b");
    set("WEIR_TEST_END", "a$");
    set("WEIR_TEST_VARIABLE", "${request.id}");
  }
  ~EnvironmentTest() override {
    for (const std::string& name : names_) ::unsetenv(name.c_str());
  }
  void set(const char* name, const char* value) {
    ::setenv(name, value, 1);
    names_.emplace_back(name);
  }

  EnvironmentSample read(std::string_view toml) {
    EnvironmentSample sample;
    Diagnostics found;
    auto document = Document::parse(toml, "test.toml", found);
    readSettings(document, extensions_, sample, found);
    diagnostics = found.text();
    Value value = showSettings(sample, extensions_);
    restoreWritten(value, document.writtenTexts());
    shown = tomlText(value);
    return sample;
  }
  std::string text(std::string_view toml) { return read(toml).text; }

  std::string diagnostics;
  std::string shown;

 private:
  Extensions extensions_;
  std::vector<std::string> names_;
};

TEST_F(EnvironmentTest, AReferenceIsReplacedByTheValue) {
  EXPECT_EQ(text("text = 'a ${env.WEIR_TEST_NAME}, ${env.WEIR_TEST_NAME} b'"),
            "a orders, orders b");
  EXPECT_EQ(text("text = '${env.WEIR_TEST_EMPTY}'"), "");
  EXPECT_EQ(diagnostics, "");
}

TEST_F(EnvironmentTest, ADefaultStandsForAMissingOrEmptyVariable) {
  EXPECT_EQ(text("text = '${env.WEIR_TEST_NONE:-a:-b}'"), "a:-b");
  EXPECT_EQ(text("text = '${env.WEIR_TEST_EMPTY:-x}'"), "x");
  EXPECT_EQ(text("text = '${env.WEIR_TEST_NAME:-x}'"), "orders");
  EXPECT_EQ(text("text = '<${env.WEIR_TEST_NONE:-}>'"), "<>");
  EXPECT_EQ(diagnostics, "");
}

TEST_F(EnvironmentTest, OtherDollarsRemain) {
  EXPECT_EQ(text("text = '${request.id} $ $$ $${env.WEIR_TEST_NAME} $$$'"),
            "${request.id} $ $$ $${env.WEIR_TEST_NAME} $$$");
  EXPECT_EQ(text("text = '$$${env.WEIR_TEST_NAME}'"), "$$orders");
  EXPECT_EQ(diagnostics, "");
}

TEST_F(EnvironmentTest, MayStandForAValueOfAnyType) {
  const EnvironmentSample sample = read(R"(
number = "${env.WEIR_TEST_NUMBER}"
flag = "${env.WEIR_TEST_TRUE}"
share = "0.${env.WEIR_TEST_NUMBER}"
limit = "${env.WEIR_TEST_NUMBER}s"
address = "127.0.0.1:808${env.WEIR_TEST_NUMBER}"
workers = "${env.WEIR_TEST_NONE:-auto}"
list = ["${env.WEIR_TEST_NAME}", "b"]
)");
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(sample.number, 7U);
  EXPECT_TRUE(sample.flag);
  EXPECT_EQ(sample.share, 0.7);
  EXPECT_EQ(sample.limit, Milliseconds(7'000));
  EXPECT_EQ(sample.address.text(), "127.0.0.1:8087");
  EXPECT_EQ(sample.workers, std::nullopt);
  EXPECT_EQ(sample.list, (std::vector<std::string>{"orders", "b"}));
}

TEST_F(EnvironmentTest, AWrittenTextIsNotANumber) {
  read("number = '7'");
  EXPECT_EQ(diagnostics, "test.toml:1:10: number: expected an integer, found \"7\"\n");
}

TEST_F(EnvironmentTest, ValuesMustFitTheSetting) {
  read("number = '1${env.WEIR_TEST_NUMBER}'\nflag = '${env.WEIR_TEST_NAME}'");
  EXPECT_EQ(diagnostics,
            "test.toml:1:10: number: 17 is above the maximum of 9\n"
            "test.toml:2:8: flag: expected true or false, found \"orders\"\n");
}

TEST_F(EnvironmentTest, AMissingVariableIsReportedOnceWithItsPlace) {
  read("text = 'x'\nlimit = '1${env.WEIR_TEST_NAM}'\nnumbr = 1\n");
  EXPECT_EQ(diagnostics,
            "test.toml:2:11: limit: no such environment variable: \"WEIR_TEST_NAM\" "
            "(did you mean \"${env.WEIR_TEST_NAME}\"?)\n"
            "test.toml:3:1: numbr: unknown key (did you mean \"number\"?)\n");
}

TEST_F(EnvironmentTest, MalformedReferencesAreMistakes) {
  read("list = ['${env.WEIR_TEST_NAME', '${env.}', '${env.7}', '${env.a-b}']");
  EXPECT_EQ(diagnostics,
            "test.toml:1:10: list[0]: \"${env.\" without \"}\"\n"
            "test.toml:1:34: list[1]: \"\" is not the name of an environment variable\n"
            "test.toml:1:45: list[2]: \"7\" is not the name of an environment variable\n"
            "test.toml:1:57: list[3]: \"a-b\" is not the name of an environment variable\n");
}

// Texts with variables would read it as a variable or as an escaped dollar sign.
TEST_F(EnvironmentTest, AValueCannotAddSyntax) {
  read(
      "list = ['${env.WEIR_TEST_DOLLARS}', '${env.WEIR_TEST_VARIABLE}', "
      "'${env.WEIR_TEST_END}{x}']");
  EXPECT_EQ(
      diagnostics,
      "test.toml:1:10: list[0]: the value of \"WEIR_TEST_DOLLARS\" contains \"${\" or \"$$\"\n"
      "test.toml:1:38: list[1]: the value of \"WEIR_TEST_VARIABLE\" contains \"${\" or \"$$\"\n"
      "test.toml:1:67: list[2]: the value of \"WEIR_TEST_END\" contains \"${\" or \"$$\"\n");
  EXPECT_EQ(text("text = '${env.WEIR_TEST_END} {x}'"), "a$ {x}");
}

TEST_F(EnvironmentTest, KeysCannotContainReferences) {
  read("'${env.WEIR_TEST_NAME}' = 1\n");
  EXPECT_EQ(diagnostics.substr(0, diagnostics.find('\n')),
            "test.toml:1:1: \"${env.WEIR_TEST_NAME}\": a key cannot contain ${env.NAME}; only "
            "values can");
}

TEST_F(EnvironmentTest, ThePrintedSettingsShowTheReference) {
  read("text = 'Bearer ${env.WEIR_TEST_NAME}'\nlist = ['orders', '${env.WEIR_TEST_EMPTY}']");
  EXPECT_EQ(shown, "text = \"Bearer ${env.WEIR_TEST_NAME}\"\nlist = [\"orders\", \"\"]\n");
}

TEST_F(EnvironmentTest, ASecretShowsItsVariableOrNothing) {
  EXPECT_EQ(read("secret = '${env.WEIR_TEST_NAME}'").secret.reveal(), "orders");
  EXPECT_EQ(shown, "[secret]\nenv = \"WEIR_TEST_NAME\"\n");
  EXPECT_EQ(read("secret = 'a${env.WEIR_TEST_NAME}'").secret.reveal(), "aorders");
  EXPECT_EQ(shown, "secret = \"***\"\n");
  EXPECT_EQ(read("secret = '${env.WEIR_TEST_NONE:-inline}'").secret.reveal(), "inline");
  EXPECT_EQ(shown, "secret = \"***\"\n");
}

}  // namespace
}  // namespace weir::config
