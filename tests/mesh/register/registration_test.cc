#include "mesh/register/registration.h"

#include <optional>

#include <gmock/gmock.h>

#include "mesh/register/instance_json.h"
#include "tests/support/fake_client.h"

namespace weir::mesh::registering {
namespace {

using Answer = RegistryClient::Answer;
using State = RegistryClient::State;
using ::testing::HasSubstr;

// A registry that the test plays.
class FakeRegistry final : public RegistryClient {
 public:
  explicit FakeRegistry(std::string& asked) : asked_(asked) {}
  void add(Done done) override { note("add", std::move(done)); }
  void renew(Done done) override { note("renew", std::move(done)); }
  void remove(Done done) override { note("remove", std::move(done)); }
  Milliseconds ttl() const override { return Milliseconds(15'000); }
  void answer(State state, std::string why = {}) {
    const Done done = std::exchange(done_, nullptr);
    done({state, std::move(why)});
  }

 private:
  void note(std::string_view what, Done done) {
    asked_ += (asked_.empty() ? "" : " ") + std::string(what);
    done_ = std::move(done);
  }
  std::string& asked_;
  Done done_;
};

class RegistrationTest : public ::testing::Test {
 protected:
  RegistrationTest() {
    auto made = std::make_unique<FakeRegistry>(asked);
    registry = made.get();
    const Registration::Tools tools{loop, cells, 7, RegistryKind::kEtcd};
    registration = std::make_unique<Registration>(
        tools,
        Instance{.service = "orders", .id = "orders-1", .address = {}, .zone = {}, .metadata = {}},
        std::move(made));
    registration->start();
  }
  void pass(Milliseconds time) { loop.advance(time + event::Wheel::kTick); }
  std::int64_t registered() { return cells.gauge(registeredKey(7, RegistryKind::kEtcd)).value(); }
  std::uint64_t count(RegistrationResult result) {
    return cells.counter(registrationsKey(7, RegistryKind::kEtcd, result)).value();
  }

  event::Loop loop{event::Loop::Time::kManual};
  MetricCells cells;
  std::string asked;
  FakeRegistry* registry = nullptr;
  std::unique_ptr<Registration> registration;
};

TEST_F(RegistrationTest, IsRenewedThreeTimesWithinItsTtl) {
  EXPECT_EQ(asked, "add");
  EXPECT_EQ(registered(), 0);
  registry->answer(State::kDone);
  EXPECT_EQ(registered(), 1);
  pass(Milliseconds(4'900));
  EXPECT_EQ(asked, "add");
  pass(Milliseconds(100));
  EXPECT_EQ(asked, "add renew");
  registry->answer(State::kDone);
  pass(Milliseconds(5'000));
  EXPECT_EQ(asked, "add renew renew");
  EXPECT_EQ(count(RegistrationResult::kRegistered), 1U);
}

TEST_F(RegistrationTest, WhatIsLostIsAddedAgain) {
  registry->answer(State::kDone);
  pass(Milliseconds(5'000));
  registry->answer(State::kLost);
  EXPECT_EQ(registered(), 0);
  EXPECT_EQ(asked, "add renew add");
  registry->answer(State::kDone);
  EXPECT_EQ(registered(), 1);
  EXPECT_EQ(count(RegistrationResult::kLost), 1U);
}

TEST_F(RegistrationTest, FailuresAreRetriedUntilTheTtlIsOver) {
  registry->answer(State::kDone);
  pass(Milliseconds(5'000));
  registry->answer(State::kFailed, "away");
  EXPECT_EQ(registered(), 1);
  pass(Milliseconds(100));
  EXPECT_EQ(asked, "add renew renew");
  pass(Milliseconds(10'000));
  registry->answer(State::kFailed, "away");
  EXPECT_EQ(registered(), 0);
  pass(Milliseconds(200));
  EXPECT_EQ(asked, "add renew renew add");
  EXPECT_EQ(count(RegistrationResult::kFailed), 2U);
}

TEST_F(RegistrationTest, IsRemoved) {
  registry->answer(State::kDone);
  int removed = 0;
  registration->remove([&] { ++removed; });
  EXPECT_EQ(asked, "add remove");
  EXPECT_EQ(removed, 0);
  registry->answer(State::kDone);
  EXPECT_EQ(removed, 1);
  EXPECT_EQ(registered(), 0);
  EXPECT_EQ(count(RegistrationResult::kRemoved), 1U);
  pass(Milliseconds(60'000));
  EXPECT_EQ(asked, "add remove");
}

TEST_F(RegistrationTest, TheRemovalHasATimeLimit) {
  registry->answer(State::kDone);
  int removed = 0;
  registration->remove([&] { ++removed; });
  pass(Registration::kRemoval);
  EXPECT_EQ(removed, 1);
  registry->answer(State::kFailed, "late");
  EXPECT_EQ(removed, 1);
}

TEST_F(RegistrationTest, WhatWasNeverAddedNeedsNoRemoval) {
  registry->answer(State::kFailed, "away");
  int removed = 0;
  registration->remove([&] { ++removed; });
  EXPECT_EQ(removed, 0);
  pass(Milliseconds(0));
  EXPECT_EQ(removed, 1);
  EXPECT_EQ(asked, "add");
}

Instance instance() {
  Instance made;
  made.service = "orders";
  made.id = "orders/1";
  made.address = net::Address::parse("[fd00::1]:80").value();
  made.weight = 0;
  made.zone = "a\"b";
  made.metadata = {{"version", "2"}};
  return made;
}

TEST(InstanceJson, IsThatOfAnEndpointFile) {
  const std::string json = endpointJson(instance());
  EXPECT_EQ(json, R"({"address":"fd00::1","port":80,"weight":0,"zone":"a\"b",)"
                  R"("metadata":{"version":"2"}})");
  EXPECT_EQ(addressInEndpointJson(json), "[fd00::1]:80");
  EXPECT_EQ(addressInEndpointJson("10.0.0.1:80"), "10.0.0.1:80");
  EXPECT_EQ(addressInEndpointJson("{}"), "");
}

TEST(InstanceJson, OfConsulHasACheck) {
  ConsulRegistrySettings settings;
  settings.tags = {"v2", "b"};
  EXPECT_EQ(consulServiceJson(instance(), settings),
            R"({"ID":"orders/1","Name":"orders","Address":"fd00::1","Port":80,"Tags":["v2","b"],)"
            R"("Meta":{"version":"2","zone":"a\"b"},"Weights":{"Passing":1,"Warning":1},)"
            R"("Check":{"CheckID":"service:orders/1","Name":"weir","TTL":"15000ms",)"
            R"("Status":"passing","DeregisterCriticalServiceAfter":"60000ms"}})");
}

TEST(ConsulRegistry, EncodesTheIdInPaths) {
  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient client{loop};
  ConsulRegistrySettings settings;
  settings.server.url = "http://127.0.0.1:8500";
  const auto registry = makeConsulRegistry(client, 1, settings, instance());
  std::optional<Answer> answer;
  registry->renew([&](const Answer& given) { answer = given; });
  EXPECT_EQ(client.last().method + " " + client.last().target,
            "PUT /v1/agent/check/pass/service:orders%2F1");
  client.last().reply(404, "Unknown check");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->state, State::kLost);
  registry->add([&](const Answer& given) { answer = given; });
  client.last().reply(500, "no leader");
  EXPECT_EQ(answer->state, State::kFailed);
  EXPECT_THAT(answer->why, HasSubstr("status 500: no leader"));
}

}  // namespace
}  // namespace weir::mesh::registering
