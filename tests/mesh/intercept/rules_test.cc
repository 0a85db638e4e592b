#include "mesh/intercept/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::mesh::intercept {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string faultOfRules(const RuleOptions& options) {
  const auto text = rulesFor(options);
  return text.ok() ? "" : std::string(text.error().detail);
}

TEST(Rules, ReplaceTheTableInOneTransaction) {
  RuleOptions options;
  options.weir_user = 990;
  EXPECT_EQ(rulesFor(options).value(),
            "table inet weir\n"
            "delete table inet weir\n"
            "table inet weir {\n"
            "\tcomment \"" +
                markOf(options) +
                "\"\n"
                "\tchain inbound {\n"
                "\t\ttype nat hook prerouting priority -100; policy accept;\n"
                "\t\tmeta l4proto != tcp return\n"
                "\t\tiifname \"lo\" return\n"
                "\t\tfib daddr type != local return\n"
                "\t\tmeta l4proto tcp redirect to :15006\n"
                "\t}\n"
                "\tchain outbound {\n"
                "\t\ttype nat hook output priority -100; policy accept;\n"
                "\t\tmeta l4proto != tcp return\n"
                "\t\tmeta skuid 990 return\n"
                "\t\tfib daddr type local return\n"
                "\t\tmeta l4proto tcp redirect to :15001\n"
                "\t}\n"
                "}\n");
  EXPECT_EQ(removalOf("weir").value(), "table inet weir\ndelete table inet weir\n");
}

TEST(Rules, LeavePortsAlone) {
  RuleOptions options;
  options.weir_user = 990;
  options.ports = {8080, 9090};
  options.skip_inbound = {22};
  options.skip_outbound = {25, 587};
  const std::string text = rulesFor(options).value();
  EXPECT_THAT(text, HasSubstr("\t\ttcp dport { 22 } return\n"
                              "\t\ttcp dport != { 8080, 9090 } return\n"));
  EXPECT_THAT(text, HasSubstr("\t\ttcp dport { 25, 587 } return\n"));
}

TEST(Rules, SelectTheApplicationByUserOrCgroup) {
  RuleOptions options;
  options.application_user = 1000;
  EXPECT_THAT(rulesFor(options).value(), HasSubstr("meta skuid != 1000 return"));
  options.application_user.reset();
  options.cgroup = "system.slice/orders.service";
  EXPECT_THAT(rulesFor(options).value(),
              HasSubstr("socket cgroupv2 level 2 != \"system.slice/orders.service\" return"));
}

TEST(Rules, OneDirectionIsEnough) {
  RuleOptions options;
  options.outbound = 0;
  EXPECT_THAT(rulesFor(options).value(), Not(HasSubstr("chain outbound")));
  options.inbound = 0;
  EXPECT_THAT(faultOfRules(options), StartsWith("neither inbound nor outbound"));
}

TEST(Rules, WeirIsNotRedirectedToItself) {
  RuleOptions options;
  EXPECT_THAT(faultOfRules(options), StartsWith("weir's own connections would be redirected"));
  options.weir_user = options.application_user = 7;
  EXPECT_THAT(faultOfRules(options), HasSubstr("different users"));
}

TEST(Rules, HostileNamesAreRefused) {
  RuleOptions options;
  options.weir_user = 990;
  for (const std::string_view name :
       {"", "a b", "a;", "a\n", "a{", "1a", "a\"", "flush ruleset", "a-b"}) {
    options.table = name;
    EXPECT_THAT(faultOfRules(options), HasSubstr("the name of the table")) << name;
    EXPECT_FALSE(removalOf(name).ok()) << name;
  }
  options.table = "weir";
  for (const std::string_view path : {"/", "a/", "/a", "a//b", "..", "a/../b", "a\" accept", "a\nb",
                                      "a b", "a;b", "a{b}", "\xC3\xA4"}) {
    options.cgroup = path;
    EXPECT_THAT(faultOfRules(options), HasSubstr("the cgroup")) << path;
  }
  options.cgroup = "system.slice/system-a\\x2db.slice/b@1:x_y-z.service";
  EXPECT_EQ(faultOfRules(options), "");
}

TEST(Rules, EqualOptionsHaveTheSameMark) {
  RuleOptions options;
  options.weir_user = 990;
  RuleOptions other = options;
  EXPECT_EQ(markOf(options), markOf(other));
  other.skip_inbound = {22};
  EXPECT_NE(markOf(options), markOf(other));
}

}  // namespace
}  // namespace weir::mesh::intercept
