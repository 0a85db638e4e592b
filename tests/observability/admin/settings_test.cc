#include "observability/admin/settings.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/config/settings.h"

namespace weir::admin {
namespace {

struct Configuration {
  Settings admin;

  static void read(config::Table& table, Configuration& out) {
    table.read("admin", out.admin, "The admin pages.");
  }
};

struct Read {
  Configuration configuration;
  config::Diagnostics diagnostics;
  const config::Extensions extensions;

  explicit Read(std::string_view toml) {
    config::Document document = config::Document::parse(toml, "weir.toml", diagnostics);
    config::readSettings(document, extensions, configuration, diagnostics);
  }
  const Settings& admin() const { return configuration.admin; }
};

std::string mistakesOf(std::string_view toml) { return Read(toml).diagnostics.text(); }

TEST(AdminSettings, AreOnLoopbackUnlessToldOtherwise) {
  const Read read("");
  EXPECT_EQ(read.diagnostics.text(), "");
  ASSERT_TRUE(read.admin().address.has_value());
  EXPECT_EQ(read.admin().address->text(), "127.0.0.1:9901");
  EXPECT_EQ(read.admin().max_connections, 64U);
  EXPECT_EQ(read.admin().idle_timeout, std::chrono::seconds(60));
  EXPECT_EQ(read.admin().header_timeout, std::chrono::seconds(10));
}

TEST(AdminSettings, ReadEveryKey) {
  const Read read(R"(
      [admin]
      address = "[::1]:0"
      hosts = ["edge-1", "edge-1.example.com"]
      max_connections = 8
      header_timeout = "1s"
      idle_timeout = "5s")");
  EXPECT_EQ(read.diagnostics.text(), "");
  EXPECT_EQ(read.admin().address->text(), "[::1]:0");
  EXPECT_EQ(read.admin().hosts.size(), 2U);
  EXPECT_EQ(read.admin().max_connections, 8U);
  EXPECT_EQ(read.admin().header_timeout, std::chrono::seconds(1));
  EXPECT_EQ(read.admin().idle_timeout, std::chrono::seconds(5));
}

TEST(AdminSettings, MayBeAnAddressAlone) {
  EXPECT_EQ(Read("admin = \":9000\"").admin().address->text(), ":9000");
  EXPECT_EQ(Read("admin = \"unix:/run/weir.sock\"").admin().address->unix_path, "/run/weir.sock");
}

TEST(AdminSettings, MayTurnTheServerOff) {
  EXPECT_FALSE(Read("admin = \"off\"").admin().address.has_value());
  const Read read("admin = { address = \"off\" }");
  EXPECT_EQ(read.diagnostics.text(), "");
  EXPECT_FALSE(read.admin().address.has_value());
}

TEST(AdminSettings, AreReadBackAsTheyArePrinted) {
  const Read read("admin = { address = \"off\", hosts = [\"edge-1\"] }");
  const std::string printed = config::tomlText(
      config::showSettings(read.configuration, read.extensions, config::Show::kEverything));
  EXPECT_EQ(Read(printed).admin(), read.admin()) << printed;
}

TEST(AdminSettings, WantAnIpAddress) {
  EXPECT_EQ(mistakesOf("admin = { address = \"localhost:9901\" }"),
            "weir.toml:1:21: admin.address: needs an IP address to listen on, not a name (did you "
            "mean \"127.0.0.1:9901\"?)\n");
}

TEST(AdminSettings, WantPlainNamesOfHosts) {
  EXPECT_EQ(mistakesOf("admin = { hosts = [\"edge-1\", \"http://edge-1\"] }"),
            "weir.toml:1:30: admin.hosts[1]: needs a name without scheme and port\n");
}

TEST(AdminSettings, RefuseWhatIsOutOfRange) {
  EXPECT_FALSE(mistakesOf("admin = { max_connections = 0 }").empty());
  EXPECT_FALSE(mistakesOf("admin = { idle_timeout = \"0s\" }").empty());
  EXPECT_FALSE(mistakesOf("admin = { port = 9901 }").empty());
}

TEST(AdminSettings, ReadWhoHasWhichRole) {
  const Read read(R"(
      [admin]
      view = { tokens = ["0123456789abcdef"] }
      operate = { users = ["root", "0"], identities = ["spiffe://example.org/ns/ops/*"] }
      [admin.tls]
      certificates = [{ cert = "a.crt", key = "a.key" }]
      client_certificate = "optional"
      client_ca = "ca.crt")");
  EXPECT_EQ(read.diagnostics.text(), "");
  EXPECT_EQ(read.admin().view->tokens.front().reveal(), "0123456789abcdef");
  EXPECT_EQ(read.admin().operate->users.size(), 2U);
  EXPECT_EQ(read.admin().operate->identities.size(), 1U);
  EXPECT_EQ(read.admin().tls->certificates.size(), 1U);
  EXPECT_FALSE(Read("").admin().operate.has_value());
}

TEST(AdminSettings, RefuseRolesThatNobodyCouldHave) {
  const auto has = [](std::string_view toml, std::string_view what) {
    return mistakesOf(toml).find(what) != std::string::npos;
  };
  EXPECT_TRUE(has("[admin]\noperate = { users = ['nobody-at-all'] }", "no user \"nobody-at-all\""));
  EXPECT_TRUE(has("[admin]\noperate = { tokens = ['0123456789abcde'] }", "at least 16 visible"));
  EXPECT_TRUE(has("[admin]\nview = { tokens = ['0123456789 abcdef'] }", "without spaces"));
  EXPECT_TRUE(has("[admin]\nview = { identities = ['a.example'] }", "need client certificates"));
  EXPECT_TRUE(has("[admin]\nview = { identities = ['http://x'] }", "weir.toml:2:"));
  constexpr std::string_view kTls = "certificates = [{ cert = 'a.crt', key = 'a.key' }]";
  const auto tls = [&](std::string_view more) {
    return "[admin]\ntls = { " + std::string(kTls) + std::string(more) + " }";
  };
  EXPECT_TRUE(has("[admin]\naddress = 'unix:x'\ntls = { " + std::string(kTls) + " }",
                  "does not apply to a Unix socket"));
  EXPECT_TRUE(has(tls(", plaintext = 'allow'"), "serves no plaintext"));
  EXPECT_TRUE(has(tls(", early_data = true"), "early data"));
}

}  // namespace
}  // namespace weir::admin
