#include "observability/admin/access.h"

#include <memory>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/base/arena.h"
#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using config::Secret;
using test::RawMessage;

constexpr std::string_view kToken = "0123456789abcdef";

Secret secretOf(std::string_view value) {
  return {Secret::Source::kInline, "", std::string(value)};
}

class AccessTest : public ::testing::Test {
 protected:
  bool admits(Role role) const { return Access(settings).admit(role, caller, headers).has_value(); }
  void proveIdentity(std::string identity) {
    auto peer = std::make_unique<net::PeerCertificate>();
    peer->identity = std::move(identity);
    security.peer = std::move(peer);
    caller.security = &security;
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Headers headers{arena};
  net::Security security;
  Caller caller;
  Settings settings;
};

TEST_F(AccessTest, EverybodyViewsAndNobodyElseOperates) {
  EXPECT_TRUE(admits(Role::kNone));
  EXPECT_TRUE(admits(Role::kView));
  EXPECT_FALSE(admits(Role::kOperate));
}

TEST_F(AccessTest, OwnUserAndRootOperate) {
  caller.unix_user = ::geteuid();
  EXPECT_TRUE(admits(Role::kOperate));
  caller.unix_user = 0;
  EXPECT_TRUE(admits(Role::kOperate));
  caller.unix_user = ::geteuid() + 4711;
  EXPECT_FALSE(admits(Role::kOperate));
}

TEST_F(AccessTest, AProxyDoesNotLendItsUser) {
  caller.unix_user = ::geteuid();
  for (const std::string_view name : {"Via", "x-forwarded-for", "Forwarded"}) {
    headers.clear();
    headers.add(name, "1.1 proxy");
    EXPECT_FALSE(admits(Role::kOperate)) << name;
    EXPECT_TRUE(admits(Role::kView)) << name;
  }
}

TEST_F(AccessTest, SettingsReplaceTheDefault) {
  settings.operate.emplace();
  caller.unix_user = ::geteuid();
  EXPECT_FALSE(admits(Role::kOperate));
  settings.operate->users = {std::to_string(::geteuid())};
  EXPECT_TRUE(admits(Role::kOperate));
}

TEST_F(AccessTest, TokensAreComparedAsAWhole) {
  settings.operate.emplace().tokens = {secretOf("another-token-012"), secretOf(kToken)};
  for (const std::string& value :
       {std::string(), std::string(kToken), "Bearer " + std::string(kToken) + "0",
        "Bearer " + std::string(kToken.substr(1)), "Basic " + std::string(kToken)}) {
    headers.clear();
    headers.add("authorization", value);
    EXPECT_FALSE(admits(Role::kOperate)) << value;
  }
  headers.clear();
  const std::string good = "bearer " + std::string(kToken);
  headers.add("authorization", good);
  EXPECT_TRUE(admits(Role::kOperate));
}

TEST_F(AccessTest, IdentitiesAreThoseOfCertificates) {
  settings.operate.emplace().identities = {"spiffe://example.org/ns/ops/*"};
  EXPECT_FALSE(admits(Role::kOperate));
  proveIdentity("spiffe://example.org/ns/shop/sa/cart");
  EXPECT_FALSE(admits(Role::kOperate));
  proveIdentity("spiffe://example.org/ns/ops/sa/alice");
  EXPECT_TRUE(admits(Role::kOperate));
}

TEST_F(AccessTest, ViewingCanBeLimitedToo) {
  settings.view.emplace().tokens = {secretOf(kToken)};
  EXPECT_TRUE(admits(Role::kNone));
  EXPECT_FALSE(admits(Role::kView));
  const std::string good = "Bearer " + std::string(kToken);
  headers.add("authorization", good);
  EXPECT_TRUE(admits(Role::kView));
  EXPECT_FALSE(admits(Role::kOperate));
  caller.unix_user = ::geteuid();  // operators view as well
  headers.clear();
  EXPECT_TRUE(admits(Role::kView));
}

class AccessToPages : public AdminTest {
 protected:
  AccessToPages() { caller_ = {}; }
};

TEST_F(AccessToPages, ChangesNeedTheRoleOperate) {
  for (const std::string_view page :
       {"POST /reload", "POST /drain", "POST /log-level?level=debug", "GET /explain?path=/"}) {
    const RawMessage reply = ask(page);
    EXPECT_EQ(reply.status(), 403) << page;
    EXPECT_EQ(reply.body,
              "{\n  \"status\": 403,\n  \"detail\": \"needs the role operate: call as the user of "
              "weir or "
              "root on the same machine, or set admin.operate\"\n}\n");
  }
  EXPECT_EQ(subject_.reloads, 0);
  EXPECT_EQ(subject_.drains, 0);
  EXPECT_EQ(subject_.level, log::Level::kInfo);
  for (const std::string_view page : {"GET /metrics", "GET /config", "GET /upstreams",
                                      "GET /listeners", "GET /log-level", "GET /"}) {
    EXPECT_EQ(ask(page).status(), 200) << page;
  }
}

TEST_F(AccessToPages, ATokenIsAskedFor) {
  Settings settings;
  settings.operate.emplace().tokens = {secretOf(kToken)};
  configure(settings);
  const RawMessage refused = ask("POST /drain");
  EXPECT_EQ(refused.status(), 401);
  EXPECT_EQ(refused.value("www-authenticate"), "Bearer realm=\"weir admin\"");
  EXPECT_EQ(subject_.drains, 0);
  EXPECT_EQ(ask("POST /drain", "authorization: Bearer 0123456789abcdef\r\n").status(), 202);
  EXPECT_EQ(subject_.drains, 1);
}

TEST_F(AccessToPages, ProbesNeedNoRole) {
  Settings settings;
  settings.view.emplace();
  configure(settings);
  EXPECT_EQ(ask("GET /metrics").status(), 403);
  EXPECT_EQ(ask("GET /healthz").status(), 200);
  EXPECT_EQ(ask("GET /readyz").status(), 200);
}

// What there is does not depend on the role.
TEST_F(AccessToPages, UnknownPagesAreUnknownToEverybody) {
  EXPECT_EQ(ask("GET /reload").status(), 405);
  EXPECT_EQ(ask("POST /nowhere").status(), 404);
}

}  // namespace
}  // namespace weir::admin
