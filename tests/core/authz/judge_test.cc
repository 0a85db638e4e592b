#include "core/authz/judge.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/authz/metrics.h"
#include "core/http/facts.h"

namespace weir::authz {
namespace {

Policy policy(std::string name, Action action, Mode mode = Mode::kEnforce) {
  Policy made;
  made.name = std::move(name);
  made.action = action;
  made.enforcement = mode;
  return made;
}

class JudgeTest : public ::testing::Test {
 protected:
  Decision judge(const std::vector<Policy>& policies) {
    const Judge judge(policies);
    const http::ExchangeFacts facts(record);
    const Question question(Subject::kBytes, record, facts, arena);
    const Decision decision = judge.judge(question);
    judge.count(decision, cells);
    shadow = judge.shadowText(decision, arena);
    return decision;
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::ExchangeRecord record;
  MetricCells cells;
  std::string shadow;
};

TEST_F(JudgeTest, ADenyComesFirstAndNothingIsDeniedWithoutAPolicy) {
  EXPECT_FALSE(judge({}).denied());
  std::vector<Policy> policies = {policy("all", Action::kAllow), policy("no", Action::kDeny)};
  const Decision decision = judge(policies);
  EXPECT_TRUE(decision.denied());
  EXPECT_EQ(describe(decision.enforced, Subject::kRequest, arena), "denied by the policy no");
}

TEST_F(JudgeTest, OneAllowPolicyMustMatch) {
  std::vector<Policy> policies = {policy("web", Action::kAllow)};
  policies[0].from.namespaces = {"shop"};
  const Decision decision = judge(policies);
  EXPECT_TRUE(decision.denied());
  EXPECT_EQ(describe(decision.enforced, Subject::kBytes, arena), "no policy allows the connection");
  record.client_identity = "spiffe://prod/ns/shop/sa/web";
  EXPECT_FALSE(judge(policies).denied());
  EXPECT_EQ(cells.counter(decisionsKey(0, Action::kDeny, Mode::kEnforce)).value(), 1U);
}

// A policy that is only tried out must not deny what no other policy allows.
TEST_F(JudgeTest, ShadowPoliciesDecideNothing) {
  std::vector<Policy> policies = {policy("web", Action::kAllow, Mode::kShadow)};
  policies[0].from.namespaces = {"shop"};
  EXPECT_FALSE(judge(policies).denied());
  EXPECT_EQ(shadow, "deny");
  policies.push_back(policy("none", Action::kDeny, Mode::kShadow));
  EXPECT_FALSE(judge(policies).denied());
  EXPECT_EQ(shadow, "deny none");
  EXPECT_EQ(cells.counter(decisionsKey(0, Action::kAllow, Mode::kEnforce)).value(), 2U);
  EXPECT_EQ(cells.counter(decisionsKey(0, Action::kDeny, Mode::kShadow)).value(), 2U);
}

}  // namespace
}  // namespace weir::authz
