#include "core/upstream/cluster_set.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

// Endpoints that are known without a query, or none.
class FixedSource final : public DiscoverySource {
 public:
  explicit FixedSource(SharedEndpoints endpoints) : endpoints_(std::move(endpoints)) {}

 private:
  std::string identity() const override { return {}; }
  std::unique_ptr<Discovery> make(const DiscoveryTools&) const override { return nullptr; }
  SharedEndpoints known() const override { return endpoints_; }

  SharedEndpoints endpoints_;
};

// Clusters named by their ids. The cluster of the fixture is not used.
class ClusterSetTest : public ClusterTest {
 protected:
  ~ClusterSetTest() override {
    for (const auto& each : clients) each->cancel();
    turn();
    set.reset();
    turn();
  }

  SharedClusterPlan planOf(NameId id, SharedEndpoints known) {
    auto made = std::make_shared<ClusterPlan>(*plan());
    made->id = id;
    made->discovery = std::make_shared<const FixedSource>(std::move(known));
    return made;
  }
  static std::string endpointsOf(const Cluster& orders) {
    std::string text;
    orders.forEachMember(
        [&](const Member& member) { text += member.endpoint.address.text() + " "; });
    return text;
  }
  std::size_t used() {
    std::size_t number = 0;
    set->forEach([&](Cluster&) { ++number; });
    return number;
  }
  // Acquires a connection to the first endpoint and sends a request.
  Client& ask(Cluster& to) {
    Client& waiter = client();
    to.acquire(*to.pick({}), waiter, {});
    turn();
    return waiter;
  }

  std::optional<ClusterSet> set{Cluster::Tools{loop, connector, random, cells}};
};

TEST_F(ClusterSetTest, CreatesAClusterOnFirstUse) {
  const ClusterPlans plans({planOf(9, at({"10.0.0.9:80"})), planOf(3, at({"10.0.0.3:80"}))});
  set->follow(plans);
  EXPECT_EQ(used(), 0U);
  Cluster* const orders = set->get(9, plans);
  ASSERT_NE(orders, nullptr);
  EXPECT_EQ(endpointsOf(*orders), "10.0.0.9:80 ");
  EXPECT_EQ(set->get(9, plans), orders);
  EXPECT_EQ(used(), 1U);
}

TEST_F(ClusterSetTest, HasOnlyTheClustersOfThePlans) {
  const ClusterPlans plans({planOf(3, nullptr)});
  EXPECT_EQ(set->get(2, plans), nullptr);
  EXPECT_EQ(set->get(4, plans), nullptr);
  EXPECT_EQ(set->get(3, ClusterPlans()), nullptr);
}

TEST_F(ClusterSetTest, KeepsWhatDiscoveryFoundBeforeAndAfterTheFirstUse) {
  const ClusterPlans plans({planOf(3, nullptr), planOf(4, nullptr)});
  set->follow(plans);
  EXPECT_FALSE(set->get(4, plans)->knowsEndpoints());
  set->setEndpoints(3, at({"10.0.0.3:80"}));
  set->setEndpoints(4, at({"10.0.0.4:80"}));
  EXPECT_EQ(endpointsOf(*set->get(3, plans)), "10.0.0.3:80 ");
  EXPECT_EQ(endpointsOf(*set->get(4, plans)), "10.0.0.4:80 ");
}

TEST_F(ClusterSetTest, KeepsTheResultsOfHealthChecksBeforeAndAfterTheFirstUse) {
  const ClusterPlans plans({planOf(3, at({"10.0.0.3:80", "10.0.0.4:80"}))});
  set->follow(plans);
  const auto report = [](const std::string& address, Health health) {
    HealthReport made;
    made.emplace(net::Address::parse(address).value(), health);
    return std::make_shared<const HealthReport>(std::move(made));
  };
  set->setHealth(3, report("10.0.0.3:80", Health::kUnhealthy));
  Cluster& orders = *set->get(3, plans);
  EXPECT_EQ(orders.pick({})->endpoint.address.text(), "10.0.0.4:80");
  set->follow(ClusterPlans({planOf(3, at({"10.0.0.4:80", "10.0.0.3:80"}))}));
  EXPECT_EQ(orders.pick({})->endpoint.address.text(), "10.0.0.4:80");
  set->setHealth(3, report("10.0.0.4:80", Health::kUnhealthy));
  turn();
  EXPECT_EQ(orders.pick({})->endpoint.address.text(), "10.0.0.3:80");
  set->setHealth(3, nullptr);  // the checks were removed
  turn();
  EXPECT_EQ(orders.pick({})->endpoint.address.text(), "10.0.0.4:80");
  orders.forEachMember([](const Member& member) { EXPECT_EQ(member.health, Health::kUnknown); });
}

TEST_F(ClusterSetTest, ForgetsTheEndpointsOfClustersThatHaveLeft) {
  std::vector<std::weak_ptr<const EndpointSet>> found;
  const auto plans = [this](NameId id) {
    return ClusterPlans({planOf(3, nullptr), planOf(id, nullptr)});
  };
  for (NameId id = 10; id < 1'010; ++id) {
    SharedEndpoints endpoints = at({"10.0.0.1:80"});
    found.push_back(endpoints);
    set->follow(plans(id));
    set->setEndpoints(3, endpoints);
    set->setEndpoints(id, std::move(endpoints));
    set->get(id, plans(id));
    loop.advance(Milliseconds(2'000));
  }
  const auto lasting =
      std::count_if(found.begin(), found.end(), [](const auto& each) { return !each.expired(); });
  EXPECT_EQ(lasting, 2);
  EXPECT_EQ(endpointsOf(*set->get(3, plans(10))), "10.0.0.1:80 ");
}

TEST_F(ClusterSetTest, AnExchangeOfThePlanBeforeStillFindsItsEndpoints) {
  const ClusterPlans before({planOf(3, nullptr)});
  set->follow(before);
  set->setEndpoints(3, at({"10.0.0.3:80"}));
  set->follow(ClusterPlans());
  EXPECT_EQ(endpointsOf(*set->get(3, before)), "10.0.0.3:80 ");
}

TEST_F(ClusterSetTest, AReloadKeepsAClusterAndItsConnections) {
  const ClusterPlans before({planOf(3, at({"10.0.0.1:80"}))});
  Cluster* const orders = set->get(3, before);
  ask(*orders);
  answer(0);
  orders->done(*orders->pick({}), {});
  options.max_pending = 5;
  const ClusterPlans after({planOf(3, at({"10.0.0.1:80", "10.0.0.2:80"}))});
  set->follow(after);
  EXPECT_EQ(set->get(3, after), orders);
  EXPECT_EQ(&orders->plan(), after.find(3)->get());
  EXPECT_EQ(endpointsOf(*orders), "10.0.0.1:80 10.0.0.2:80 ");
  EXPECT_EQ(orders->idle(), 1U);
}

TEST_F(ClusterSetTest, AClusterThatLeavesFinishesItsWork) {
  const ClusterPlans before({planOf(3, at({"10.0.0.1:80"}))});
  Cluster& orders = *set->get(3, before);
  orders.enter();
  Member& member = *orders.pick({});
  const Client& waiter = ask(orders);
  set->follow(ClusterPlans());
  EXPECT_EQ(used(), 0U);
  loop.advance(Milliseconds(5'000));
  answer(0);
  EXPECT_EQ(waiter.told(), "fresh 204 ");
  orders.done(member, {});
  orders.leave();
  turn();
  EXPECT_TRUE(peers[0]->ended());
  // Its plan comes back: a new cluster, since the old one is closed.
  Cluster* const again = set->get(3, before);
  EXPECT_NE(again, &orders);
  loop.advance(Milliseconds(2'000));
  EXPECT_EQ(set->get(3, before), again);
}

}  // namespace
}  // namespace weir::upstream
