#include "core/server/url_upstreams.h"

#include <gmock/gmock.h>

#include "core/server/registry.h"
#include "tests/core/server/fixture.h"

namespace weir::server {
namespace {

class UrlUpstreamsTest : public PlanTest {
 protected:
  NamedOptions made(const std::vector<std::string>& urls, const NamedOptions& configured = {}) {
    std::vector<http::Target> targets;
    for (const std::string& url : urls) {
      http::Target target;
      target.url = url;
      target.origin = {{"edge.toml", 3, 7}, "filter.url"};
      targets.push_back(target);
    }
    config::Diagnostics found;
    NamedOptions options = upstreamsForUrls(targets, configured, registry.extensions(), found);
    diagnostics = found.text();
    return options;
  }
};

TEST_F(UrlUpstreamsTest, EachHostGetsOneUpstream) {
  registry.addDiscovery<std::string>(
      "dns", "A name.",
      [](const std::string& name) -> std::shared_ptr<const upstream::DiscoverySource> {
        return std::make_shared<const ListSource>(std::vector{name});
      });
  const NamedOptions options =
      made({"https://id.example/a", "https://id.example:443/b", "http://[::1]:81/"});
  EXPECT_EQ(diagnostics, "");
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[0].first, "https://id.example");
  EXPECT_TRUE(options[0].second.tls.has_value());
  EXPECT_EQ(options[0].second.origin.location.line, 3U);
  EXPECT_EQ(options[1].first, "http://[::1]:81");
  EXPECT_FALSE(options[1].second.tls.has_value());
  EXPECT_EQ(*options[1].second.discovery.as<std::string>(), "[::1]:81");
  EXPECT_TRUE(made({"https://id.example/a"}, options).empty());
}

TEST_F(UrlUpstreamsTest, ATargetMayBringItsCa) {
  registry.addDiscovery<std::string>(
      "dns", "A name.",
      [](const std::string& name) -> std::shared_ptr<const upstream::DiscoverySource> {
        return std::make_shared<const ListSource>(std::vector{name});
      });
  http::Target target;
  target.url = "https://10.96.0.1:443";
  target.files.ca = "/run/\"account\"/ca.crt";
  config::Diagnostics found;
  const NamedOptions options = upstreamsForUrls({target}, {}, registry.extensions(), found);
  EXPECT_EQ(found.text(), "");
  ASSERT_EQ(options.size(), 1U);
  EXPECT_EQ(options[0].second.tls->ca->path, target.files.ca);
}

TEST_F(UrlUpstreamsTest, MistakesHaveThePositionOfTheUrl) {
  made({"https://id.example/a"});  // there is no discovery by DNS
  EXPECT_THAT(diagnostics, ::testing::StartsWith("edge.toml:3:7: filter.url: cannot make an "
                                                 "upstream for the URL: discovery"));
}

}  // namespace
}  // namespace weir::server
