#include "core/server/listener_policies.h"

#include <gmock/gmock.h>

#include "tests/core/server/fixture.h"

namespace weir::server {
namespace {

using ::testing::HasSubstr;

class ListenerPoliciesTest : public PlanTest {
 protected:
  std::shared_ptr<const proxy::Plan> make(const std::string& policies,
                                          const proxy::Plan* previous = nullptr) {
    return build(R"(
[[listener]]
name = "web"
address = "127.0.0.1:8080"
[[listener]]
name = "db"
address = "127.0.0.1:5432"
protocol = "tcp"
upstream = "orders"
[[route]]
upstream = "orders"
[upstream.orders]
discovery = { list = ["10.0.0.1:80"] }
)" + policies,
                 previous);
  }
  static std::string policy(const std::string& settings) {
    return "[[authorize]]\nname = \"p\"\n" + settings + "\n";
  }
};

TEST_F(ListenerPoliciesTest, ApplyToAllListenersOrToTheNamedOnes) {
  const auto plan = make(policy("action = \"deny\"\nfrom = { addresses = [\"10.0.0.0/8\"] }") +
                         "[[authorize]]\nname = \"q\"\naction = \"allow\"\nlisteners = [\"db\"]\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(diagnostics, "");
  const proxy::ListenerPlan& web = *plan->listeners[0];
  const proxy::ListenerPlan& db = *plan->listeners[1];
  ASSERT_NE(web.authorize, nullptr);
  EXPECT_EQ(web.authorize->policies().size(), 1U);
  EXPECT_EQ(db.authorize->policies().size(), 2U);
  EXPECT_EQ(names.name(db.authorize->policies()[1].id), "q");
  ASSERT_NE(web.early_filters, nullptr);
  EXPECT_EQ(web.early_filters->front().name, "authorize");
  EXPECT_TRUE(web.has_early_steps);
  EXPECT_EQ(db.early_filters, nullptr);
}

TEST_F(ListenerPoliciesTest, WithoutThemNothingIsJudged) {
  const auto plan = make("");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->listeners[0]->authorize, nullptr);
  EXPECT_FALSE(plan->listeners[0]->has_early_steps);
}

TEST_F(ListenerPoliciesTest, UnchangedOnesAreTheSameObject) {
  const std::string one = policy("action = \"deny\"\nfrom = { addresses = [\"10.0.0.0/8\"] }");
  const auto before = make(one);
  const auto same = make(one, before.get());
  EXPECT_EQ(same->listeners[0]->authorize, before->listeners[0]->authorize);
  const auto other = make(policy("action = \"deny\""), before.get());
  EXPECT_NE(other->listeners[0]->authorize, before->listeners[0]->authorize);
}

TEST_F(ListenerPoliciesTest, MistakesAreReported) {
  EXPECT_EQ(make(policy("action = \"deny\"\nlisteners = [\"wed\"]")), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("authorize[0].listeners[0]: there is no listener \"wed\" "
                                     "(did you mean \"web\"?)"));
  EXPECT_EQ(make(policy("action = \"deny\"") + policy("action = \"allow\"")), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("authorize[1].name: another policy has the same name"));
  EXPECT_EQ(make("[[authorize]]\naction = \"deny\"\n"), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("authorize[0]"));
}

TEST_F(ListenerPoliciesTest, PoliciesThatCannotMatchAreWarnings) {
  const auto warning = [this](const std::string& settings) {
    EXPECT_NE(make(policy(settings)), nullptr) << diagnostics;
    return diagnostics;
  };
  EXPECT_THAT(warning("action = \"allow\"\nfrom = { namespaces = [\"shop\"] }"),
              HasSubstr("authorize[0]: the policy \"p\" cannot match: no listener to which it "
                        "applies verifies client certificates"));
  EXPECT_THAT(warning("action = \"allow\"\nto = { ports = [9999] }"),
              HasSubstr("no listener to which it applies has such a port"));
  EXPECT_THAT(warning("action = \"allow\"\nlisteners = [\"db\"]\nto = { methods = [\"GET\"] }"),
              HasSubstr("it is about HTTP, and applies only to listeners for TCP"));
  EXPECT_THAT(warning("action = \"deny\"\nto = { paths = [\"/admin/**\"] }"),
              HasSubstr("is about HTTP, and denies every connection of a listener for TCP"));
  EXPECT_EQ(warning("action = \"allow\"\nto = { ports = [8080, 5432] }"), "");
  EXPECT_EQ(warning("action = \"deny\"\nlisteners = [\"web\"]\nto = { methods = [\"GET\"] }"), "");
}

}  // namespace
}  // namespace weir::server
