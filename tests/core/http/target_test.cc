#include "core/http/target.h"

#include <gmock/gmock.h>

#include "core/config/settings.h"

namespace weir::http {
namespace {

using ::testing::HasSubstr;

std::string partsOf(std::string_view text) {
  const auto url = Url::parse(text);
  return url ? url->origin() + " " + url->host + " " + std::to_string(url->port) + " " + url->target
             : "none";
}

TEST(Url, PartsOfAUrl) {
  EXPECT_EQ(partsOf("https://id.example/keys?all"), "https://id.example id.example 443 /keys?all");
  EXPECT_EQ(partsOf("HTTP://ID.Example:8080"), "http://id.example:8080 id.example 8080 /");
  EXPECT_EQ(partsOf("http://id.example:80?a"), "http://id.example id.example 80 /?a");
  EXPECT_EQ(partsOf("https://id.example:/"), "https://id.example id.example 443 /");
  EXPECT_EQ(partsOf("https://[2001:DB8::1]:8443/"),
            "https://[2001:db8::1]:8443 2001:db8::1 8443 /");
  EXPECT_EQ(partsOf("http://10.0.0.1"), "http://10.0.0.1 10.0.0.1 80 /");
}

TEST(Url, TextThatIsNotAUrl) {
  for (const char* const text :
       {"", "id.example/keys", "ftp://id.example", "https://", "https:///keys", "https://a b/",
        "https://user@id.example/", "https://id.example/#top", "https://id.example:99999/",
        "https://id.example:0/", "https://[::1/"}) {
    EXPECT_EQ(partsOf(text), "none") << text;
  }
}

struct OneTarget {
  Target keys;
  static void read(config::Table& table, OneTarget& out) {
    table.read("keys", out.keys, "Target.", {.required = true});
  }
};

class TargetTest : public ::testing::Test {
 protected:
  Target read(std::string_view toml) {
    config::Diagnostics found;
    OneTarget settings;
    auto document = config::Document::parse(toml, "t.toml", found);
    const config::Extensions extensions;
    config::readSettings(document, extensions, settings, found);
    diagnostics = found.text();
    return settings.keys;
  }
  std::string diagnostics;
};

TEST_F(TargetTest, AUrlNamesAnUpstreamOfItsOwn) {
  const Target target = read("keys = \"https://Id.example:443/keys?all\"");
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(target.upstreamName(), "https://id.example");
  EXPECT_EQ(target.authority(), "id.example");
  EXPECT_EQ(target.pathAndQuery(), "/keys?all");
}

TEST_F(TargetTest, AnUpstreamHasAPath) {
  const Target target = read("keys = { upstream = \"id\", path = \"/keys\" }");
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(target.upstreamName(), "id");
  EXPECT_EQ(target.authority(), "");
  EXPECT_EQ(target.pathAndQuery(), "/keys");
  EXPECT_EQ(read("keys = { upstream = \"id\" }").pathAndQuery(), "/");
}

TEST_F(TargetTest, MistakesHavePositions) {
  read("keys = \"id.example/keys\"");
  EXPECT_THAT(diagnostics, HasSubstr("t.toml:1:"));
  EXPECT_THAT(diagnostics, HasSubstr("is not a URL"));
  read("keys = { upstream = \"id\", path = \"keys\" }");
  EXPECT_THAT(diagnostics, HasSubstr("keys.path"));
  read("keys = { url = \"https://id.example/\", path = \"/keys\" }");
  EXPECT_THAT(diagnostics, HasSubstr("keys.path: belongs into the URL"));
  read("keys = { url = \"https://id.example/\", upstream = \"id\" }");
  EXPECT_THAT(diagnostics, HasSubstr("upstream"));
  read("keys = { path = \"/\" }");
  EXPECT_THAT(diagnostics, HasSubstr("url"));
}

}  // namespace
}  // namespace weir::http
