#include "mesh/health/health_checks.h"

#include <gmock/gmock.h>

#include "tests/mesh/health/fixture.h"

namespace weir::mesh::health {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kFirst = "10.0.0.1:80";
constexpr std::string_view kSecond = "10.0.0.2:80";
constexpr std::string_view kSick = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

class HealthChecksTest : public HealthTest {
 protected:
  HealthChecksTest() {
    options.health_check.emplace();
    options.health_check->http.emplace();
    options.health_check->http->path = "/healthz";
  }
  upstream::HealthCheckOptions& check() { return *options.health_check; }
  void start() { follow({std::string(kFirst), std::string(kSecond)}); }
  void answerSick(std::string_view address) { answers[std::string(address)] = kSick; }
  void answerWell(std::string_view address) { answers.erase(std::string(address)); }
};

TEST_F(HealthChecksTest, TheFirstChecksDecide) {
  answerSick(kSecond);
  start();
  EXPECT_THAT(peers.at(0)->received(), StartsWith("GET /healthz HTTP/1.1\r\n"));
  EXPECT_THAT(peers.at(0)->received(), HasSubstr("orders.test\r\n"));
  EXPECT_EQ(reported(kFirst), "healthy");
  EXPECT_EQ(reported(kSecond), "unhealthy");
  EXPECT_EQ(latest_unhealthy, 1U);
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(count(CheckResult::kSuccess), 1U);
  EXPECT_EQ(count(CheckResult::kStatus), 1U);
  EXPECT_EQ(seen(kSecond).result, "status");
  EXPECT_EQ(seen(kSecond).detail, "status 503");
  EXPECT_GT(seen(kSecond).checked_at.count(), 0);
}

TEST_F(HealthChecksTest, FailuresInARowTakeAnEndpointOutAndSuccessesBringItBack) {
  start();
  answerSick(kFirst);
  nextRound();
  EXPECT_EQ(seen(kFirst).result, "status");
  EXPECT_EQ(reported(kFirst), "healthy");
  pass(Milliseconds(2'300));  // sooner after a failure
  EXPECT_EQ(reported(kFirst), "healthy");
  pass(Milliseconds(2'300));
  EXPECT_EQ(reported(kFirst), "unhealthy");
  EXPECT_EQ(reported(kSecond), "healthy");
  const Nanoseconds since = seen(kFirst).since;
  answerWell(kFirst);
  pass(Milliseconds(2'300));
  EXPECT_EQ(reported(kFirst), "unhealthy");
  EXPECT_EQ(seen(kFirst).since, since);
  pass(Milliseconds(2'300));
  EXPECT_EQ(reported(kFirst), "healthy");
  EXPECT_EQ(latest_unhealthy, 0U);
  EXPECT_EQ(cells.counter(healthTransitionsKey(kOrders, HealthChange::kUnhealthy)).value(), 1U);
  EXPECT_EQ(cells.counter(healthTransitionsKey(kOrders, HealthChange::kHealthy)).value(), 3U);
}

TEST_F(HealthChecksTest, OnlyUnhealthyEndpointsAreReported) {
  start();
  EXPECT_EQ(reported(kFirst), "healthy");
  EXPECT_EQ(reports, 0);
  answerSick(kFirst);
  for (int i = 0; i < 3; ++i) nextRound();
  ASSERT_NE(latest, nullptr);
  EXPECT_EQ(latest->size(), 1U);
  EXPECT_EQ(reports, 1);
}

TEST_F(HealthChecksTest, EachCheckHasAConnectionOfItsOwn) {
  start();
  const std::size_t before = connector.attempts().size();
  EXPECT_EQ(before, 2U);
  EXPECT_TRUE(peers.at(0)->ended());
  nextRound();
  EXPECT_EQ(connector.attempts().size(), 4U);
}

TEST_F(HealthChecksTest, ConnectionsFailInDifferentWays) {
  connector.setOutcome(at(kFirst), Outcome::kRefuses);
  connector.setOutcome(at(kSecond), Outcome::kHangs);
  start();
  EXPECT_EQ(seen(kFirst).result, "connect");
  EXPECT_EQ(seen(kSecond).result, "");
  EXPECT_EQ(settled, 0);
  pass(Milliseconds(1'004));
  EXPECT_EQ(seen(kSecond).result, "timeout");
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(count(CheckResult::kConnect), 1U);
  EXPECT_EQ(count(CheckResult::kTimeout), 1U);
}

TEST_F(HealthChecksTest, AnAnswerThatIsNoHttpOrNeverCompleteFails) {
  answers[std::string(kFirst)] = "SSH-2.0-x\r\n\r\n";
  answers[std::string(kSecond)] = "HTTP/1.1 200";
  start();
  EXPECT_EQ(seen(kFirst).result, "protocol");
  pass(Milliseconds(1'004));
  EXPECT_EQ(seen(kSecond).result, "timeout");
}

TEST_F(HealthChecksTest, StatusesAndBodiesCanBeExpected) {
  check().http->expected_statuses = {"503"};
  check().http->ranges = {{503, 503}};
  check().http->expected_body = "ready";
  const std::string head = "HTTP/1.1 503 No\r\nContent-Length: 10\r\n\r\n";
  answers[std::string(kFirst)] = head + "is ready!!";
  answers[std::string(kSecond)] = head + "is asleep!";
  start();
  EXPECT_EQ(seen(kFirst).result, "success");
  EXPECT_EQ(seen(kSecond).result, "body");
}

TEST_F(HealthChecksTest, ARequestHasTheConfiguredHead) {
  check().http->method = "HEAD";
  check().http->host = "health.test";
  check().http->headers = {{"x-check", "yes"}};
  start();
  const std::string request = peers.at(0)->received();
  EXPECT_THAT(request, StartsWith("HEAD /healthz HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("health.test\r\n"));
  EXPECT_THAT(request, HasSubstr("x-check: yes\r\n"));
  EXPECT_THAT(request, HasSubstr("weir/"));
}

TEST_F(HealthChecksTest, AnEndpointMayBeUnhealthyUntilItsFirstCheck) {
  check().initial = upstream::HealthCheckOptions::Initial::kUnhealthy;
  connector.setOutcome(Outcome::kHangs);
  start();
  EXPECT_EQ(reported(kFirst), "unhealthy");
  EXPECT_EQ(latest_unhealthy, 2U);
  EXPECT_FALSE(checks->settled());
  connector.finishHanging();
  turns();
  pass(Milliseconds(104));
  EXPECT_EQ(reported(kFirst), "healthy");
  EXPECT_EQ(reported(kSecond), "healthy");
  EXPECT_TRUE(checks->settled());
}

TEST_F(HealthChecksTest, ResultsOutliveAReload) {
  answerSick(kFirst);
  start();
  pass(Milliseconds(104));
  const std::size_t before = connector.attempts().size();
  options.max_pending = 7;
  start();
  EXPECT_EQ(connector.attempts().size(), before);  // nothing to check at once
  EXPECT_EQ(reported(kFirst), "unhealthy");
  check().http->path = "/other";
  answerWell(kFirst);
  start();
  EXPECT_EQ(connector.attempts().size(), before + 2);  // other checks: at once
  EXPECT_EQ(reported(kFirst), "unhealthy");            // until the threshold is reached
  EXPECT_THAT(peers.back()->received(), HasSubstr("GET /other "));
  EXPECT_TRUE(checks->settled());
}

TEST_F(HealthChecksTest, AnEndpointThatLeftIsNotCheckedAnyMore) {
  answerSick(kFirst);
  start();
  pass(Milliseconds(104));
  EXPECT_EQ(latest_unhealthy, 1U);
  follow({std::string(kSecond)});
  EXPECT_EQ(latest_unhealthy, 0U);
  EXPECT_EQ(checks->find(kOrders, at(kFirst)), nullptr);
  const std::size_t before = connector.attempts().size();
  nextRound();
  EXPECT_EQ(connector.attempts().size(), before + 1);
  checks->follow({});
  EXPECT_EQ(latest, nullptr);
  EXPECT_EQ(checks->find(kOrders, at(kSecond)), nullptr);
}

TEST_F(HealthChecksTest, AnEndpointMayLeaveDuringItsCheck) {
  connector.setOutcome(at(kFirst), Outcome::kHangs);
  start();
  EXPECT_EQ(settled, 0);
  follow({std::string(kSecond)});
  EXPECT_EQ(settled, 1);
  connector.finishHanging();
  pass(Milliseconds(2'000));
  EXPECT_EQ(count(CheckResult::kTimeout), 0U);
}

TEST_F(HealthChecksTest, AnUpstreamMayLeaveInTheTurnInWhichItsEndpointLeft) {
  connector.setOutcome(at(kFirst), Outcome::kHangs);
  start();
  checks->follow(upstream::ClusterPlans({planWith({std::string(kSecond)})}));
  checks->follow(upstream::ClusterPlans());
  turns();
  EXPECT_EQ(checks->find(kOrders, at(kFirst)), nullptr);
  EXPECT_EQ(checks->find(kOrders, at(kSecond)), nullptr);
}

TEST_F(HealthChecksTest, TheNumberOfChecksInProgressIsBounded) {
  std::vector<std::string> many;
  for (int i = 0; i < 10'000; ++i) {
    many.push_back("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ":80");
  }
  check().unhealthy_interval = std::chrono::hours(1);
  connector.setOutcome(Outcome::kHangs);
  follow(many);
  EXPECT_EQ(connector.attempts().size(), 128U);
  pass(Milliseconds(1'004));
  EXPECT_EQ(connector.attempts().size(), 256U);
  EXPECT_EQ(count(CheckResult::kTimeout), 128U);
  connector.setOutcome(Outcome::kConnects);
  pass(Milliseconds(1'004));
  for (int i = 0; i < 1'000 && !checks->settled(); ++i) turn();
  EXPECT_TRUE(checks->settled());
  EXPECT_EQ(count(CheckResult::kSuccess) + count(CheckResult::kTimeout), 10'000U);
}

TEST_F(HealthChecksTest, TcpComparesWhatTheEndpointSends) {
  check().http.reset();
  check().tcp = {"PING\r\n", "+PONG"};
  answers[std::string(kFirst)] = "+PONG\r\n";
  answers[std::string(kSecond)] = "-ERR\r\n";
  start();
  EXPECT_EQ(peers.at(0)->received(), "PING\r\n");
  EXPECT_EQ(seen(kFirst).result, "success");
  EXPECT_EQ(seen(kSecond).result, "body");
}

TEST_F(HealthChecksTest, TcpNeedsNoAnswer) {
  check().http.reset();
  check().tcp.emplace();
  options.proxy_protocol = net::ProxyVersion::kText;
  connector.setOutcome(at(kSecond), Outcome::kRefuses);
  start();
  EXPECT_EQ(seen(kFirst).result, "success");
  EXPECT_EQ(peers.at(0)->received(), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(seen(kSecond).result, "connect");
}

TEST_F(HealthChecksTest, TcpWaitsForTheWholeAnswer) {
  check().http.reset();
  check().tcp = {"x", "hello"};
  answers[std::string(kFirst)] = "hel";
  answers[std::string(kSecond)] = "hel";
  start();
  EXPECT_EQ(seen(kFirst).result, "");
  peers.at(0)->send("lo");
  peers.at(1)->end();
  turns();
  EXPECT_EQ(seen(kFirst).result, "success");
  EXPECT_EQ(seen(kSecond).result, "reset");
}

class GrpcHealthTest : public HealthChecksTest {
 protected:
  GrpcHealthTest() {
    check().http.reset();
    check().grpc.emplace();
    check().grpc->service = "orders";
    options.protocol = http::VersionChoice::kHttp2;
    http2 = true;
  }
  // Answers the check of the endpoint.
  void reply(std::size_t index, std::string_view message) {
    test::HeardRequest& heard = http2_peers.at(index)->heard(0);
    http::Response head(heard.arena);
    head.status = 200;
    head.body = http::BodyKind::kStream;
    head.headers.add("content-type", "application/grpc");
    heard.responder->sendHead(head);
    heard.responder->sendBody(asBytes(message));
    http::Headers trailers(heard.arena);
    trailers.add("grpc-status", "0");
    heard.responder->finish(&trailers);
    heard.responder->release();
    turns();
  }
};

TEST_F(GrpcHealthTest, AsksTheHealthService) {
  start();
  test::HeardRequest& heard = http2_peers.at(0)->heard(0);
  EXPECT_EQ(heard.request().path, "/grpc.health.v1.Health/Check");
  EXPECT_EQ(heard.body, std::string_view("\0\0\0\0\x08\x0a\x06orders", 13));
  reply(0, std::string_view("\0\0\0\0\x02\x08\x01", 7));
  reply(1, std::string_view("\0\0\0\0\x02\x08\x02", 7));
  EXPECT_EQ(seen(kFirst).result, "success");
  EXPECT_EQ(seen(kSecond).result, "not_serving");
  EXPECT_EQ(seen(kSecond).detail, "serving status 2");
}

}  // namespace
}  // namespace weir::mesh::health
