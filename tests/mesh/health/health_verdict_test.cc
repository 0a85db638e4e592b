#include "mesh/health/health_verdict.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::mesh::health {
namespace {

using upstream::Health;
using Options = upstream::HealthCheckOptions;

// The states after checks that succeed (+) or fail (-): u(nknown), h(ealthy), s(ick).
std::string states(std::string_view checks, const Options& options = {}) {
  HealthVerdict verdict;
  verdict.begin(options.initial);
  std::string seen;
  for (const char check : checks) {
    const Health before = verdict.health();
    const bool changed = verdict.note(check == '+', options);
    EXPECT_EQ(changed, verdict.health() != before);
    seen += verdict.health() == Health::kHealthy ? 'h' : 's';
    EXPECT_EQ(verdict.failing(), check == '-');
  }
  return seen;
}

TEST(HealthVerdict, TheFirstCheckDecidesAlone) {
  EXPECT_EQ(states("+"), "h");
  EXPECT_EQ(states("-"), "s");
  EXPECT_EQ(HealthVerdict().health(), Health::kUnknown);
}

TEST(HealthVerdict, FurtherOnesFollowTheThresholds) {
  EXPECT_EQ(states("+---++"), "hhhssh");
  EXPECT_EQ(states("+--+--+---"), "hhhhhhhhhs");  // only failures in a row count
  EXPECT_EQ(states("-+-+-++"), "ssssssh");
  EXPECT_EQ(states("+-+", {.healthy_threshold = 1, .unhealthy_threshold = 1}), "hsh");
}

TEST(HealthVerdict, ItMayBeginUnhealthy) {
  HealthVerdict verdict;
  verdict.begin(Options::Initial::kUnhealthy);
  EXPECT_EQ(verdict.health(), Health::kUnhealthy);
  EXPECT_FALSE(verdict.decided());
  EXPECT_TRUE(verdict.note(true, {}));
  EXPECT_EQ(verdict.health(), Health::kHealthy);
  verdict.begin(Options::Initial::kUnhealthy);  // of no effect once it is checked
  EXPECT_EQ(verdict.health(), Health::kHealthy);
}

}  // namespace
}  // namespace weir::mesh::health
