#include "gateway/auth/rbac/rbac.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::FilterBench;

TEST(Rbac, ADenyComesBeforeAnAllow) {
  FilterBench bench("rbac",
                    "policies = ["
                    "{ name = 'all', action = 'allow', to = { paths = ['/**'] } },"
                    "{ name = 'no-admin', action = 'deny', to = { paths = ['/admin/**'] } }]");
  EXPECT_EQ(bench.get("/").status, 200);
  const test::BenchMessage refused = bench.get("/admin/users");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.reason, "authz_denied");
  EXPECT_NE(refused.body.find("denied by the policy no-admin"), std::string::npos) << refused.body;
  EXPECT_EQ(bench.replies("rbac", 403, Reason::kAuthzDenied), 1U);
  EXPECT_EQ(bench.seen().size(), 1U);
}

TEST(Rbac, OneAllowPolicyMustMatchIfThereIsOne) {
  FilterBench bench("rbac",
                    "policies = [{ name = 'read', action = 'allow', to = { methods = ['GET'] } }]");
  EXPECT_EQ(bench.get("/").status, 200);
  const test::BenchMessage refused = bench.post("body");
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("no policy allows the request"), std::string::npos) << refused.body;
}

TEST(Rbac, WithoutAllowPoliciesTheRestPasses) {
  FilterBench bench(
      "rbac", "policies = [{ name = 'no-post', action = 'deny', to = { methods = ['POST'] } }]");
  EXPECT_EQ(bench.get("/").status, 200);
  EXPECT_EQ(bench.post("body").status, 403);
}

TEST(Rbac, EverySpellingOfADeniedPathIsRefused) {
  FilterBench bench("rbac",
                    "policies = [{ name = 'p', action = 'deny', to = { paths = ['/admin/**'] } }]");
  for (const auto* target :
       {"/admin", "/admin/", "/a/../admin", "/./admin", "/%61dmin", "/admin;x", "/admin;x=1/users",
        "/admin%3bx", "/%3B/admin", "/x/%2e%2e/admin/users", "//admin"}) {
    EXPECT_EQ(bench.get(target).status, 403) << target;
  }
  EXPECT_EQ(bench.get("/administrator").status, 200);
}

TEST(Rbac, PoliciesInShadowDecideNothing) {
  FilterBench bench("rbac",
                    "policies = ["
                    "{ name = 'd', action = 'deny', mode = 'shadow', to = { paths = ['/old'] } },"
                    "{ name = 'a', action = 'allow', mode = 'shadow', to = { paths = ['/'] } }]");
  EXPECT_EQ(bench.get("/").status, 200);
  EXPECT_EQ(bench.get("/old").status, 200);
  EXPECT_EQ(bench.get("/other").status, 200);
}

TEST(Rbac, ThePolicyIsNamedInAHeaderOnRequest) {
  const std::string policies =
      "policies = [{ name = 'no-admin', action = 'deny', to = { paths = ['/admin/**'] } },"
      "{ name = 'read', action = 'allow', to = { methods = ['GET'] } }]";
  FilterBench quiet("rbac", policies);
  EXPECT_EQ(quiet.get("/admin").header("x-weir-policy"), "");
  FilterBench bench("rbac", policies + ", policy_header = true");
  EXPECT_EQ(bench.get("/admin").header("x-weir-policy"), "no-admin");
  EXPECT_EQ(bench.post("").status, 403);  // no policy allows it
  EXPECT_EQ(bench.post("").header("x-weir-policy"), "");
  EXPECT_EQ(bench.get("/").header("x-weir-policy"), "");
}

TEST(Rbac, SeesTheHeadersThatTheClientCannotForge) {
  FilterBench bench("rbac",
                    "policies = [{ name = 'p', action = 'allow',"
                    " when = 'cidr(client.address, \"10.0.0.0/8\")' }]");
  bench.from("10.1.2.3");
  EXPECT_EQ(bench.get("/", {{"x-forwarded-for", "203.0.113.1"}}).status, 200);
  bench.from("203.0.113.1");
  EXPECT_EQ(bench.get("/", {{"x-forwarded-for", "10.1.2.3"}}).status, 403);
}

}  // namespace
}  // namespace weir::gateway
