#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr const char* kAlertRules = "configs/prometheus/weir-alerts.yaml";

int run(const std::string& command) { return std::system(command.c_str()); }
bool hasPromtool() { return run("command -v promtool >/dev/null") == 0; }

// Every weir_* name in the file, without the suffixes of histograms.
std::set<std::string> metricsIn(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::set<std::string> names;
  for (std::size_t at = text.find("weir_"); at != std::string::npos; at = text.find("weir_", at)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
    std::string name = text.substr(at, end - at);
    if (name.ends_with("_bucket")) name.resize(name.size() - 7);
    names.insert(name);
    at = end;
  }
  return names;
}

TEST(Alerts, AreAcceptedByPromtool) {
  if (!hasPromtool()) GTEST_SKIP() << "no promtool here";
  EXPECT_EQ(run(std::string("promtool check rules ") + kAlertRules), 0);
}

TEST(Alerts, FireForWhatTheyAreAbout) {
  if (!hasPromtool()) GTEST_SKIP() << "no promtool here";
  EXPECT_EQ(run("promtool test rules tests/observability/weir-alerts-test.yaml"), 0);
}

TEST(Alerts, AskForMetricsThatExist) {
  const std::set<std::string> names = metricsIn(kAlertRules);
  const std::set<std::string> families = metricsIn("docs/metrics.md");  // of all modules
  EXPECT_GE(names.size(), 5U);
  for (const std::string& name : names) EXPECT_TRUE(families.contains(name)) << name;
}

}  // namespace
}  // namespace weir
