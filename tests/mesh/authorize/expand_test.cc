#include "mesh/authorize/expand.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/authz/rule.h"
#include "core/proxy/listener_options.h"

namespace weir::mesh {
namespace {

const std::string kDomain = "spiffe://shop.test/*";

class ExpandAuthorizeTest : public ::testing::Test {
 protected:
  ExpandAuthorizeTest() {
    for (const char* name : {"inbound", "outbound", "extra"}) {
      proxy::ListenerOptions listener;
      listener.name = name;
      settings.listeners.push_back(std::move(listener));
    }
    inbound().tls_options.emplace();
    inbound().tls_options->client_names = {kDomain, "spiffe://bank.test/*"};
  }
  proxy::ListenerOptions& inbound() { return settings.listeners[0]; }
  void add(authz::Action action, authz::Mode mode = authz::Mode::kEnforce) {
    authz::Rule rule;
    rule.policy.name = "own";
    rule.policy.action = action;
    rule.policy.enforcement = mode;
    settings.authorize.push_back(std::move(rule));
  }
  std::vector<std::string> expand(const std::string& domain = kDomain) {
    expandAuthorize(domain, settings);
    std::vector<std::string> names;
    for (const authz::Rule& rule : settings.authorize) names.push_back(rule.policy.name);
    return names;
  }
  using Names = std::vector<std::string>;

  server::Settings settings;
};

TEST_F(ExpandAuthorizeTest, PoliciesDoNotApplyToTheApplicationsOwnRequests) {
  add(authz::Action::kAllow);
  expand();
  const authz::Rule& rule = settings.authorize[0];
  EXPECT_TRUE(rule.appliesTo("inbound"));
  EXPECT_TRUE(rule.appliesTo("extra"));
  EXPECT_FALSE(rule.appliesTo("outbound"));
}

TEST_F(ExpandAuthorizeTest, WithoutAnAllowPolicyOnlyTheOwnTrustDomainGetsIn) {
  add(authz::Action::kDeny);
  add(authz::Action::kAllow, authz::Mode::kShadow);  // being tried out, it must not open the door
  EXPECT_EQ(expand(), (Names{"own", "own", "same-trust-domain"}));
  const authz::Rule& rule = settings.authorize.back();
  EXPECT_EQ(rule.policy.from.identities.at(0).text(), "spiffe://shop.test/**");
  EXPECT_FALSE(rule.appliesTo("extra"));
}

TEST_F(ExpandAuthorizeTest, AnAllowPolicyReplacesTheDefault) {
  add(authz::Action::kAllow);
  EXPECT_EQ(expand(), Names{"own"});
}

TEST_F(ExpandAuthorizeTest, PlaintextThatIsAcceptedIsAdmitted) {
  inbound().tls_options->plaintext = tls::Plaintext::kAllow;
  EXPECT_EQ(expand(), (Names{"same-trust-domain", "plaintext"}));
  const auto& excluded = settings.authorize.back().policy.from.not_identities;
  EXPECT_TRUE(excluded.at(0).matches("spiffe://bank.test/x"));
  EXPECT_FALSE(excluded.at(0).matches(""));
}

TEST_F(ExpandAuthorizeTest, NothingIsAddedIfTlsAdmitsOnlyTheTrustDomain) {
  inbound().tls_options->client_names = {kDomain};
  EXPECT_EQ(expand(), Names{});
}

TEST_F(ExpandAuthorizeTest, ANodeWithoutAnIdentityHasNoDefault) {
  EXPECT_EQ(expand(""), Names{});
  inbound().tls_options.reset();
  EXPECT_EQ(expand(), Names{});
}

}  // namespace
}  // namespace weir::mesh
