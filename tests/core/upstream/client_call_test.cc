#include "core/upstream/client_call.h"

#include "tests/core/upstream/client_fixture.h"

namespace weir::upstream {
namespace {

using Body = http::CallRequest::Body;
using test::MemoryConnector;

constexpr std::string_view kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";

class RetriesTest : public ClientTest {
 protected:
  RetriesTest() { how.attempts = 2; }
  void refuseFirst() {
    connector.setOutcome(net::Address::parse("10.0.0.1:80").value(),
                         MemoryConnector::Outcome::kRefuses);
  }
  std::uint64_t suppressed(RetryRefusal why) { return counter(retriesSuppressedKey(kOrders, why)); }
  std::uint64_t retries(RetryOutcome outcome) {
    return counter(retriesKey(kOrders, 0, Reason::kUpstreamConnectRefused, outcome));
  }
};

TEST_F(RetriesTest, AnotherEndpointIsTriedAfterAPause) {
  refuseFirst();
  startNamed();
  HeardCall& made = call({.method = "POST", .body_kind = Body::kWhole, .body = asBytes("abc")});
  EXPECT_EQ(made.told, "");
  pass(Milliseconds(30));
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 ");
  EXPECT_THAT(received(0), ::testing::EndsWith("\r\n\r\nabc"));
  EXPECT_EQ(retries(RetryOutcome::kSuccess), 0U);
  reply(0, kNoContent);
  EXPECT_EQ(made.told, "head:204 end");
  EXPECT_EQ(retries(RetryOutcome::kSuccess), 1U);
}

TEST_F(RetriesTest, ARetryOfACancelledCallIsCounted) {
  refuseFirst();
  startNamed();
  HeardCall& made = call();
  pass(Milliseconds(30));
  made.call.reset();
  EXPECT_EQ(retries(RetryOutcome::kFailure), 1U);
}

TEST_F(RetriesTest, OneAttemptIsTheDefault) {
  refuseFirst();
  startNamed();
  how.attempts = http::CallOptions().attempts;
  EXPECT_EQ(call().told, "failed:upstream_connect_refused");
  EXPECT_EQ(attempts(), "10.0.0.1:80 ");
}

TEST_F(RetriesTest, TheNumberOfAttemptsIsLimited) {
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  startNamed();
  HeardCall& made = call();
  pass(Milliseconds(30));
  EXPECT_EQ(made.told, "failed:upstream_connect_refused");
  EXPECT_EQ(suppressed(RetryRefusal::kLimit), 1U);
  EXPECT_EQ(retries(RetryOutcome::kFailure), 1U);
}

TEST_F(RetriesTest, ARequestThatMayHaveBeenProcessedIsRepeatedOnlyIfItIsIdempotent) {
  startNamed();
  HeardCall& get = call();
  HeardCall& post = call({.method = "POST"});
  peers.at(0)->stream().abort();
  peers.at(1)->stream().abort();
  peers[0]->close();
  peers[1]->close();
  turn();
  pass(Milliseconds(30));
  EXPECT_EQ(get.told, "");
  EXPECT_EQ(post.told, "failed:upstream_reset_before_headers");
  EXPECT_EQ(suppressed(RetryRefusal::kNotIdempotent), 1U);
  how.retry_non_idempotent = true;
  HeardCall& allowed = call({.method = "POST"});
  const std::size_t last = peers.size() - 1;
  peers[last]->end();
  turn();
  pass(Milliseconds(30));
  EXPECT_EQ(allowed.told, "");
  EXPECT_EQ(peers.size(), last + 2);
}

TEST_F(RetriesTest, AStreamedBodyWithinTheLimitIsSentAgain) {
  startNamed();
  HeardCall& made = call({.method = "PUT", .body_kind = Body::kStreamed});
  made.call->sendBody(asBytes(std::string(1'000, 'x')));
  turn();
  peers.at(0)->end();
  turn();
  pass(Milliseconds(30));
  made.call->sendBody(asBytes("yz"));
  made.call->finish(nullptr);
  turn();
  EXPECT_THAT(received(1), ::testing::HasSubstr("\r\n3e8\r\n" + std::string(1'000, 'x')));
  reply(1, kNoContent);
  EXPECT_EQ(made.told, "head:204 end");
}

TEST_F(RetriesTest, ALongStreamedBodyIsSentOnce) {
  startNamed();
  HeardCall& made = call({.method = "PUT", .body_kind = Body::kStreamed});
  made.call->sendBody(asBytes(std::string(CallBody::kMostReplayed + 1, 'x')));
  turn();
  peers.at(0)->end();
  turn();
  EXPECT_THAT(made.told, ::testing::EndsWith("failed:upstream_reset_before_headers"));
  EXPECT_EQ(suppressed(RetryRefusal::kBodyTooLarge), 1U);
}

TEST_F(RetriesTest, AfterTheHeadThereIsNoRetry) {
  startNamed();
  HeardCall& made = call();
  reply(0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  peers[0]->end();
  turn();
  EXPECT_EQ(made.told, "head:200 body failed:upstream_reset_after_headers");
}

TEST_F(RetriesTest, AnInvalidResponseIsNotRetried) {
  startNamed();
  HeardCall& made = call();
  reply(0, "HTTP/1.1 what\r\n\r\n");
  EXPECT_EQ(made.told, "failed:upstream_protocol_error");
}

TEST_F(RetriesTest, AConnectionThatCloseAtTheSameTimeIsReplacedWithoutAnAttempt) {
  how.attempts = 1;
  startNamed();
  call();
  reply(0, kNoContent);
  calls.push_back(std::make_unique<HeardCall>());
  HeardCall& made = *calls.back();
  made.call = client.call(kOrders, {}, how, made);
  turn();
  ASSERT_EQ(peers.size(), 1U);
  peers[0]->end();
  turn();
  ASSERT_EQ(peers.size(), 2U);
  reply(1, kNoContent);
  EXPECT_EQ(made.told, "head:204 end");
  EXPECT_EQ(counter(upstreamRequestsKey(kOrders, 0, Reason::kUpstreamKeepaliveRace)), 1U);
}

TEST_F(RetriesTest, TheRetryBudgetOfTheClusterLimitsRetries) {
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  startNamed();
  while (cluster->retryBudget().tryRetry(loop.now())) {
  }
  EXPECT_EQ(call().told, "failed:upstream_connect_refused");
  EXPECT_EQ(suppressed(RetryRefusal::kBudget), 1U);
}

TEST_F(RetriesTest, ATimeLimitForEachAttempt) {
  how.attempt_timeout = Milliseconds(100);
  startNamed();
  HeardCall& made = call();
  pass(Milliseconds(104));
  pass(Milliseconds(30));
  EXPECT_EQ(peers.size(), 2U);
  pass(Milliseconds(104));
  EXPECT_EQ(made.told, "failed:per_try_timeout");
}

TEST_F(RetriesTest, TheTimeLimitOfAnAttemptEndsWithTheHead) {
  how.attempt_timeout = Milliseconds(100);
  startNamed();
  HeardCall& made = call();
  reply(0, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  pass(Milliseconds(1'000));
  reply(0, "abc");
  EXPECT_EQ(made.told, "head:200 body end");
}

TEST_F(RetriesTest, ATimeLimitForTheWholeCall) {
  how.timeout = Milliseconds(200);
  startNamed();
  HeardCall& asking = call();
  HeardCall& reading = call();
  reply(1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  HeardCall& connecting = call();
  pass(Milliseconds(204));
  EXPECT_EQ(asking.told, "failed:upstream_timeout");
  EXPECT_EQ(reading.told, "head:200 body failed:upstream_timeout");
  EXPECT_EQ(connecting.told, "failed:upstream_connect_timeout");
  EXPECT_EQ(connecting.error.origin, Origin::kLocal);
}

TEST_F(RetriesTest, WithoutATimeLimitACallMayTakeForEver) {
  how.timeout = Milliseconds(0);
  startNamed();
  HeardCall& made = call();
  pass(std::chrono::hours(10));
  reply(0, kNoContent);
  EXPECT_EQ(made.told, "head:204 end");
}

// Objects to every attempt.
struct ClosedGuard final : Guard {
  Reason admit() override { return Reason::kLimitConcurrency; }
};

TEST_F(RetriesTest, AGuardMayRefuseACall) {
  auto guarded = std::make_shared<ClusterPlan>(*named());
  guarded->guards = {[](const GuardTools&) { return std::make_unique<ClosedGuard>(); }};
  cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, guarded);
  cluster->setEndpoints(at({"10.0.0.1:80"}));
  EXPECT_EQ(call().told, "failed:limit_concurrency");
  EXPECT_EQ(client.dial(kOrders).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(attempts(), "");
}

class Http2CallsTest : public ClientTest {
 protected:
  Http2CallsTest() { acceptHttp2(); }
  test::HeardRequest& heard(std::size_t number) { return endpoints.at(0)->heard(number); }
  void turns() {
    for (int i = 0; i < 8; ++i) turn();
  }
};

TEST_F(Http2CallsTest, CallsShareAConnection) {
  startNamed();
  HeardCall& one = call();
  HeardCall& two = call({.method = "POST", .body_kind = Body::kStreamed});
  two.call->sendBody(asBytes("abc"));
  two.call->finish(nullptr);
  turns();
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(heard(0).request().authority, "orders.test");
  EXPECT_EQ(heard(1).body, "abc");
  EXPECT_TRUE(heard(1).ended);
  heard(1).answer(200, "second");
  heard(0).answer(204);
  turns();
  EXPECT_EQ(one.told, "head:204 end");
  EXPECT_EQ(two.told, "head:200 body end");
  EXPECT_EQ(two.body, "second");
}

TEST_F(Http2CallsTest, ACancelledCallResetsItsStream) {
  startNamed();
  HeardCall& one = call();
  call();
  turns();
  one.call.reset();
  turns();
  EXPECT_TRUE(heard(0).failed.has_value());
  EXPECT_FALSE(heard(1).failed.has_value());
}

TEST_F(Http2CallsTest, APausedResponseFillsItsWindowOnly) {
  startNamed();
  HeardCall& made = call();
  turns();
  made.call->setReading(false);
  heard(0).answer(200, std::string(4'000'000, 'x'));
  turns();
  const std::size_t before = made.body.size();
  EXPECT_LT(before, 2'000'000U);
  turns();
  EXPECT_EQ(made.body.size(), before);
  made.call->setReading(true);
  for (int i = 0; i < 400; ++i) turn();
  EXPECT_EQ(made.body.size(), 4'000'000U);
}

TEST_F(ClientTest, CallsOverTlsWithTheProtocolOfAlpn) {
  const test::TestAuthority authority;
  tls::ClientSetup setup;
  setup.protocols = {"h2", "http/1.1"};
  setup.servers = authority.verifier();
  setup.server_name = "orders.test";
  tls = std::make_shared<const tls::ClientConfig>(setup);
  tls::ServerSetup served;
  served.protocols = {"h2"};
  const auto context = std::make_shared<const tls::ServerConfig>(
      served, tls::CertificateSet({authority.certificate({"orders.test"})}),
      std::make_shared<const tls::TicketKeys>(
          std::vector<tls::TicketKeys::Secret>{tls::TicketKeys::random()}));
  accept = [&](std::unique_ptr<test::MemoryStream> peer) {
    endpoints.push_back(std::make_unique<Http2Endpoint>(
        loop, tls::TlsStream::accept(loop, std::move(peer), context), of_endpoints));
  };
  startNamed();
  HeardCall& made = call();
  for (int i = 0; i < 20; ++i) turn();
  ASSERT_EQ(endpoints.size(), 1U);
  endpoints[0]->heard(0).answer(200, "secret");
  for (int i = 0; i < 8; ++i) turn();
  EXPECT_EQ(made.body, "secret");
  EXPECT_EQ(made.told, "head:200 body end");
}

TEST_F(ClientTest, ACertificateOfAnotherNameFails) {
  const test::TestAuthority authority;
  tls::ClientSetup setup;
  setup.servers = authority.verifier();
  setup.server_name = "other.test";
  tls = std::make_shared<const tls::ClientConfig>(setup);
  const auto context = std::make_shared<const tls::ServerConfig>(
      tls::ServerSetup(), tls::CertificateSet({authority.certificate({"orders.test"})}),
      std::make_shared<const tls::TicketKeys>(
          std::vector<tls::TicketKeys::Secret>{tls::TicketKeys::random()}));
  accept = [&](std::unique_ptr<test::MemoryStream> peer) {
    peers.push_back(
        std::make_unique<test::StreamPeer>(tls::TlsStream::accept(loop, std::move(peer), context)));
  };
  startNamed();
  HeardCall& made = call();
  for (int i = 0; i < 20; ++i) turn();
  EXPECT_EQ(made.told, "failed:upstream_tls_error");
}

}  // namespace
}  // namespace weir::upstream
