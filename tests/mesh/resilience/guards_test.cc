#include "mesh/resilience/guards.h"

#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/upstream/cluster_options.h"

namespace weir::mesh {
namespace {

TEST(Guards, AreMadeFromTheConfiguration) {
  server::Registry registry;
  addGuards(registry);
  config::Diagnostics found;
  upstream::ClusterOptions options;
  auto document = config::Document::parse(
      "guards = [\"breaker\", { breaker = { consecutive_failures = 3 } }]", "test.toml", found);
  config::readSettings(document, registry.extensions(), options, found);
  ASSERT_EQ(options.guards.size(), 2U) << found.text();
  EXPECT_NE(options.guards[0], options.guards[1]);
  EXPECT_EQ(registry.guards(options.guards).size(), 2U);
}

}  // namespace
}  // namespace weir::mesh
