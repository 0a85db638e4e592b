#include "core/authz/policy.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/authz/policy_index.h"
#include "core/config/settings.h"

namespace weir::authz {
namespace {

class PolicyTest : public ::testing::Test {
 protected:
  struct List {
    std::vector<Policy> policies;
    static void read(config::Table& table, List& out) {
      table.read("policies", out.policies, "Policies.");
    }
  };

  PolicyTest() {
    request.method_text = "GET";
    request.authority = "shop.test:8443";
    request.path = "/admin/users";
    record.client_address = "203.0.113.7";
    record.principal = &principal;
    record.request_headers = &request.headers;
  }

  std::vector<Policy> read(const std::string& policies) {
    List list;
    config::Diagnostics found;
    auto document = config::Document::parse("policies = [" + policies + "]", "test", found);
    config::readSettings(document, extensions, list, found);
    diagnostics = found.text();
    return list.policies;
  }
  bool matches(const std::string& action, const std::string& more) {
    const auto policies = read("{ name = 'p', action = '" + action + "', " + more + " }");
    EXPECT_EQ(diagnostics, "");
    request.path_has_parameters = request.path.find(';') != std::string_view::npos ||
                                  request.path.find("%3B") != std::string_view::npos;
    const http::ExchangeFacts facts(record);
    if (subject != Subject::kRequest) {
      const PolicyIndex index(policies);
      bool matched = false;
      const Question question(subject, record, facts, arena);
      index.forCandidates(question, [&](const Policy& each) { matched |= each.match(question); });
      return matched;
    }
    const Question question(request, record, facts);
    const bool matched = policies.at(0).match(question);
    EXPECT_EQ(policies.at(0).mismatches(question).empty(), matched);
    return matched;
  }

  Subject subject = Subject::kRequest;
  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  http::Principal principal;
  http::ExchangeRecord record;
  config::Extensions extensions;
  std::string diagnostics;
};

TEST_F(PolicyTest, NamesTheSettingsThatDoNotMatch) {
  const auto policies = read(
      "{ name = 'p', action = 'allow', when = 'false', headers = { x-team = ['blue'] }, "
      "from = { authenticated = true, addresses = ['203.0.113.0/24'], groups = ['a'] }, "
      "to = { hosts = ['shop.test'], methods = ['PUT'], not_paths = ['/admin/**'] } }");
  EXPECT_EQ(diagnostics, "");
  const http::ExchangeFacts facts(record);
  EXPECT_EQ(policies.at(0).mismatches(Question(request, record, facts)),
            (std::vector<std::string_view>{"authenticated", "groups", "methods", "paths", "x-team",
                                           "when"}));
}

TEST_F(PolicyTest, WithoutFieldsMatchesAll) { EXPECT_TRUE(matches("allow", "from = {}")); }

TEST_F(PolicyTest, MatchesIdentities) {
  const std::string web = "from = { identities = ['spiffe://prod/ns/*/sa/web'] }";
  EXPECT_FALSE(matches("allow", web));
  record.client_identity = "spiffe://prod/ns/shop/sa/web";
  EXPECT_TRUE(matches("allow", web));
  EXPECT_FALSE(matches("allow", "from = { not_identities = ['spiffe://prod/**'] }"));
  record.client_identity = {};
  EXPECT_TRUE(matches("deny", "from = { not_identities = ['spiffe://prod/**'] }"));
}

TEST_F(PolicyTest, MatchesNamespacesAndServiceAccounts) {
  record.client_identity = "spiffe://prod/ns/shop/sa/web";
  EXPECT_TRUE(matches("allow", "from = { namespaces = ['bank', 'shop'] }"));
  EXPECT_TRUE(matches("allow", "from = { namespaces = ['*'], service_accounts = ['*'] }"));
  EXPECT_FALSE(matches("allow", "from = { namespaces = ['sho'] }"));
  EXPECT_FALSE(matches("allow", "from = { not_namespaces = ['shop'] }"));
  EXPECT_TRUE(matches("allow", "from = { service_accounts = ['web'] }"));
  EXPECT_TRUE(matches("allow", "from = { service_accounts = ['shop/web'] }"));
  EXPECT_FALSE(matches("allow", "from = { service_accounts = ['bank/web', 'shop'] }"));
  EXPECT_FALSE(matches("allow", "from = { not_service_accounts = ['shop/web'] }"));
  EXPECT_TRUE(matches("deny", "from = { not_service_accounts = ['bank/web'] }"));
}

TEST_F(PolicyTest, OtherIdentitiesHaveNoNamespace) {
  for (const std::string_view identity :
       {"", "spiffe://prod/ns/shop", "spiffe://prod/ns/shop/sa", "spiffe://prod/ns/shop/sa/web/x",
        "spiffe://prod/x/ns/shop/sa/web", "https://prod/ns/shop/sa/web", "spiffe://prod"}) {
    record.client_identity = identity;
    EXPECT_FALSE(matches("allow", "from = { service_accounts = ['*'] }")) << identity;
    EXPECT_TRUE(matches("deny", "from = { not_service_accounts = ['shop/web'] }")) << identity;
  }
  record.client_identity = "spiffe://ns/sa/x";
  EXPECT_FALSE(matches("allow", "from = { namespaces = ['*'] }"));
}

TEST_F(PolicyTest, MatchesPorts) {
  record.server_port = 8443;
  EXPECT_TRUE(matches("allow", "to = { ports = [443, 8443] }"));
  EXPECT_FALSE(matches("allow", "to = { ports = [443] }"));
  EXPECT_FALSE(matches("allow", "to = { not_ports = [8443] }"));
  EXPECT_TRUE(matches("deny", "to = { not_ports = [443] }"));
}

// What a connection without HTTP does not have: an allow needs it, a deny does not.
TEST_F(PolicyTest, BytesAreInDoubtAboutWhatOnlyRequestsHave) {
  subject = Subject::kBytes;
  record.transport = http::kTcpTransport;
  record.client_identity = "spiffe://prod/ns/shop/sa/web";
  for (const std::string_view about :
       {"to = { paths = ['/admin/**'] }", "to = { methods = ['POST'] }", "to = { hosts = ['x'] }",
        "headers = { x-team = ['blue'] }", "when = 'request.method == \"PUT\"'"}) {
    EXPECT_FALSE(matches("allow", std::string(about))) << about;
    EXPECT_TRUE(matches("deny", std::string(about))) << about;
  }
  EXPECT_FALSE(matches("deny", "from = { namespaces = ['bank'] }, to = { paths = ['/x'] }"));
  EXPECT_TRUE(matches("allow", "from = { identities = ['spiffe://prod/**'] }"));
  EXPECT_TRUE(matches("allow", "from = { addresses = ['203.0.113.0/24'] }"));
  EXPECT_FALSE(matches("deny", "from = { subjects = ['*'] }"));
  EXPECT_TRUE(matches("allow", "when = 'client.identity.startsWith(\"spiffe://prod/\")'"));
}

// Whether a connection can be of use at all.
TEST_F(PolicyTest, AnyRequestIsEnoughForAnAllowAndAllMustBeMeantByADeny) {
  subject = Subject::kAnyRequest;
  record.client_identity = "spiffe://prod/ns/shop/sa/web";
  for (const std::string_view about :
       {"to = { paths = ['/admin/**'] }", "from = { subjects = ['ann'] }", "when = 'false'",
        "from = { addresses = ['10.0.0.0/8'] }"}) {
    EXPECT_TRUE(matches("allow", std::string(about))) << about;
    EXPECT_FALSE(matches("deny", std::string(about))) << about;
  }
  EXPECT_FALSE(matches("allow", "from = { namespaces = ['bank'] }, to = { paths = ['/x'] }"));
  EXPECT_TRUE(matches("deny", "from = { namespaces = ['shop'] }"));
}

TEST_F(PolicyTest, MatchesThePrincipal) {
  EXPECT_TRUE(matches("allow", "from = { authenticated = false }"));
  EXPECT_FALSE(matches("allow", "from = { authenticated = true }"));
  EXPECT_FALSE(matches("allow", "from = { subjects = ['*'] }"));
  const std::array<std::string_view, 2> scopes = {"read", "write"};
  principal.method = "jwt";
  principal.subject = "ann";
  principal.issuer = "https://id.test";
  principal.consumer = "acme";
  principal.scopes = scopes;
  EXPECT_TRUE(matches("allow", "from = { authenticated = true, subjects = ['bob', 'ann'] }"));
  EXPECT_TRUE(matches("allow", "from = { issuers = ['https://id.test'], consumers = ['acme'] }"));
  EXPECT_FALSE(matches("allow", "from = { subjects = ['ann'], consumers = ['other'] }"));
  EXPECT_TRUE(matches("allow", "from = { scopes = ['admin', 'write'] }"));
  EXPECT_FALSE(matches("allow", "from = { scopes = ['admin'] }"));
  EXPECT_FALSE(matches("allow", "from = { not_scopes = ['write'] }"));
  EXPECT_FALSE(matches("allow", "from = { groups = ['*'] }"));
  EXPECT_TRUE(matches("allow", "from = { not_groups = ['staff'], subjects = ['*'] }"));
}

TEST_F(PolicyTest, MatchesAddresses) {
  EXPECT_TRUE(matches("allow", "from = { addresses = ['203.0.113.0/24'] }"));
  EXPECT_FALSE(matches("allow", "from = { addresses = ['10.0.0.0/8'] }"));
  EXPECT_FALSE(matches("allow", "from = { not_addresses = ['203.0.113.7'] }"));
}

TEST_F(PolicyTest, MatchesWhatIsAskedFor) {
  EXPECT_TRUE(matches("allow", "to = { hosts = ['*.test'], methods = ['GET', 'HEAD'] }"));
  EXPECT_FALSE(matches("allow", "to = { hosts = ['other.test'] }"));
  EXPECT_FALSE(matches("allow", "to = { methods = ['get'] }"));
  EXPECT_FALSE(matches("allow", "to = { not_methods = ['GET'] }"));
  EXPECT_TRUE(matches("allow", "to = { paths = ['/admin/**'] }"));
  EXPECT_FALSE(matches("allow", "to = { paths = ['/admin/**'], not_paths = ['/admin/users'] }"));
  request.path = "/shop.v1.Orders/Get";
  EXPECT_TRUE(matches("allow", "to = { grpc_services = ['shop.v1.Orders'] }"));
  EXPECT_FALSE(matches("allow", "to = { grpc_services = ['shop.v1', 'shop.v1.Order'] }"));
}

// "/admin;x" is "/admin" for many servers.
TEST_F(PolicyTest, PathParametersDoNotHideADeniedPath) {
  for (const std::string_view path :
       {"/admin;x/users", "/admin/users;jsessionid=1", "/admin;", "/admin%3Bx/users", "/admin%3B",
        "/%3Bx/admin", "/;/admin", "//admin%3Bx", "/;x//admin"}) {
    request.path = path;
    EXPECT_TRUE(matches("deny", "to = { paths = ['/admin/**'] }")) << path;
  }
  request.path = "/admin;x";
  EXPECT_TRUE(matches("deny", "to = { paths = ['/admin'] }"));
  EXPECT_FALSE(matches("allow", "to = { paths = ['/admin'] }"));
  request.path = "/public;x";
  EXPECT_TRUE(matches("deny", "to = { paths = ['/**'], not_paths = ['/public'] }"));
  EXPECT_FALSE(matches("allow", "to = { paths = ['/**'], not_paths = ['/public'] }"));
}

TEST_F(PolicyTest, OneLineOfAHeaderIsEnoughForADenyAndAllMustFitForAnAllow) {
  const std::string blue = "headers = { 'x-team' = ['blue'] }";
  EXPECT_FALSE(matches("allow", blue));
  EXPECT_FALSE(matches("deny", blue));
  request.headers.add("X-Team", "blue");
  EXPECT_TRUE(matches("allow", blue));
  request.headers.add("x-team", "red");
  EXPECT_FALSE(matches("allow", blue));
  EXPECT_TRUE(matches("deny", blue));
  EXPECT_TRUE(matches("allow", "headers = { 'x-team' = ['*'] }"));
}

TEST_F(PolicyTest, AConditionWithoutAResultDeniesAndDoesNotAllow) {
  const std::string owner = "when = 'request.headers[\"x-owner\"] == auth.subject'";
  EXPECT_FALSE(matches("allow", owner));
  EXPECT_TRUE(matches("deny", owner));
  request.headers.add("X-Owner", "ann");
  principal.subject = "ann";
  EXPECT_TRUE(matches("allow", owner));
  principal.subject = "bob";
  EXPECT_FALSE(matches("deny", owner));
}

TEST_F(PolicyTest, MistakesAreReported) {
  read("{ name = 'p', action = 'deny', to = { paths = ['admin'], methods = ['G T'] } }");
  EXPECT_NE(diagnostics.find("a path begins with \"/\""), std::string::npos) << diagnostics;
  EXPECT_NE(diagnostics.find("is not a method"), std::string::npos) << diagnostics;
  read("{ name = 'p', action = 'deny', to = { paths = ['/a*'] } }");
  EXPECT_NE(diagnostics.find("as a whole segment"), std::string::npos) << diagnostics;
  read("{ action = 'deny' }");
  EXPECT_NE(diagnostics.find("name"), std::string::npos) << diagnostics;
}

// Every policy that matches is among the candidates, and those of other callers are not.
TEST_F(PolicyTest, TheIndexFindsWhatMatches) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    text += "{ name = 'i" + n + "', action = 'allow', from = { identities = ['spiffe://p/" + n +
            "'] } },";
    text += "{ name = 's" + n + "', action = 'allow', from = { subjects = ['u" + n + "'] } },";
    text += "{ name = 'c" + n + "', action = 'deny', from = { consumers = ['c" + n + "'] } },";
    text += "{ name = 'p" + n + "', action = 'deny', to = { paths = ['/api/v1/" + n + "/**'] } },";
    text += "{ name = 'q" + n + "', action = 'deny', to = { paths = ['/" + n + "/*/x'] } },";
  }
  text += "{ name = 'any', action = 'deny', from = { subjects = ['*'] } },";
  text += "{ name = 'post', action = 'deny', to = { methods = ['POST'] } },";
  const std::vector<Policy> policies = read(text);
  ASSERT_EQ(diagnostics, "");
  const PolicyIndex index(policies);
  record.client_identity = "spiffe://p/7";
  principal.subject = "u8";
  principal.consumer = "c9";
  for (const std::string_view path : {"/api/v1/3/a/b/c", "/api/v1/3", "/api/v1/3;x", "/5/y/x"}) {
    request.path = path;
    request.path_has_parameters = path.find(';') != std::string_view::npos;
    const http::ExchangeFacts facts(record);
    const Question question(request, record, facts);
    std::map<std::string, bool> candidates;
    index.forCandidates(question, [&](const Policy& each) { candidates[each.name] = true; });
    for (const Policy& each : policies) {
      EXPECT_TRUE(!each.match(question) || candidates.contains(each.name)) << each.name << path;
    }
    EXPECT_LE(candidates.size(), 6U) << path;
  }
}

// Policies about one caller that differ by path, and paths that differ only in their last segment.
TEST_F(PolicyTest, TheIndexUsesWhatDistinguishesThePolicies) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) {
    const std::string n = std::to_string(i);
    text += "{ name = 'i" + n +
            "', action = 'allow', from = { identities = ['spiffe://p/web'] }, to = { paths = ['/" +
            n + "'], methods = ['GET'] } },";
    text += "{ name = 's" + n +
            "', action = 'deny', from = { subjects = ['ann'] }, to = { paths = "
            "['/api/v1/projects/p/zones/z/items/" +
            n + "'] } },";
    text += "{ name = 'c" + n + "', action = 'deny', from = { consumers = ['c" + n +
            "'] }, to = { methods = ['GET'], paths = ['/shared'] } },";
  }
  const std::vector<Policy> policies = read(text);
  ASSERT_EQ(diagnostics, "");
  const PolicyIndex index(policies);
  record.client_identity = "spiffe://p/web";
  principal.subject = "ann";
  principal.consumer = "c7";
  for (const auto& [path, count] : std::map<std::string_view, std::size_t>{
           {"/5", 2}, {"/shared", 1}, {"/api/v1/projects/p/zones/z/items/9", 2}}) {
    request.path = path;
    const http::ExchangeFacts facts(record);
    const Question question(request, record, facts);
    std::size_t candidates = 0;
    index.forCandidates(question, [&](const Policy&) { ++candidates; });
    EXPECT_EQ(candidates, count) << path;
  }
}

}  // namespace
}  // namespace weir::authz
