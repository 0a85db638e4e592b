#include "core/filter/references.h"

#include <gtest/gtest.h>

namespace weir::filter {
namespace {

class ReferencesTest : public ::testing::Test {
 protected:
  static http::Target named(std::string_view upstream) {
    http::Target target;
    target.upstream = upstream;
    target.origin = {{"edge.toml", 3, 7}, "route[0].filters[0].auth"};
    return target;
  }
  static http::Target at(std::string_view url) {
    http::Target target;
    target.url = url;
    return target;
  }

  NameTable names;
  References references{{"orders", "auth"}, names};
  config::Diagnostics diagnostics;
};

TEST_F(ReferencesTest, ATargetNamesAnUpstream) {
  EXPECT_EQ(references.target(named("auth"), diagnostics), names.intern("auth"));
  EXPECT_TRUE(references.used().contains("auth"));
  EXPECT_FALSE(references.used().contains("orders"));
  EXPECT_TRUE(references.urls().empty());
  EXPECT_TRUE(diagnostics.empty());
}

TEST_F(ReferencesTest, AnUnknownUpstreamIsRefusedWithItsPosition) {
  EXPECT_EQ(references.target(named("order"), diagnostics), 0U);
  EXPECT_EQ(diagnostics.text(),
            "edge.toml:3:7: route[0].filters[0].auth.upstream: there is no upstream \"order\" "
            "(did you mean \"orders\"?)\n");
}

TEST_F(ReferencesTest, TheHostOfAUrlIsOneUpstream) {
  const NameId keys = references.target(at("https://id.example/keys"), diagnostics);
  EXPECT_EQ(keys, names.intern("https://id.example"));
  EXPECT_EQ(references.target(at("https://ID.example:443/more"), diagnostics), keys);
  EXPECT_EQ(references.urls().size(), 1U);
  EXPECT_TRUE(diagnostics.empty());
}

TEST_F(ReferencesTest, ATargetThatCouldNotBeReadIsIgnored) {
  EXPECT_EQ(references.target(at("id.example"), diagnostics), 0U);
  EXPECT_TRUE(references.urls().empty());
  EXPECT_TRUE(diagnostics.empty());
}

}  // namespace
}  // namespace weir::filter
