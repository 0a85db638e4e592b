#include "core/base/metrics.h"
#include "core/upstream/attempt.h"
#include "core/upstream/tries.h"
#include "tests/core/upstream/fixture.h"

// Limits of a cluster that all workers share.
namespace weir::upstream {
namespace {

struct DeafOwner final : AttemptEvents {
  void onAcquired(const PooledConnection&) override {}
  void onAcquireFailed(Error) override {}
  void onAttemptTimeout() override {}
};

class ClusterLimits : public ClusterTest {
 protected:
  struct Call {
    explicit Call(ClusterLimits& test) : attempt(test.loop, tries, owner) {
      tries.begin(*test.cluster);
    }
    DeafOwner owner;
    Tries tries;
    Attempt attempt;
  };
  // A second worker.
  std::unique_ptr<Cluster> another() {
    auto made = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, plan());
    made->setEndpoints(at({"10.0.0.1:80", "10.0.0.2:80"}));
    return made;
  }
  std::uint64_t rejections(LimitResource resource) {
    return cells.counter(limitRejectionsKey(LimitScope::kUpstream, resource)).value();
  }
};

TEST_F(ClusterLimits, RequestsInFlightHaveALimitOverAllWorkers) {
  options.max_requests = 2;
  start();
  counts.requests.tryAdd(0);  // by another worker
  Call one(*this);
  Call two(*this);
  EXPECT_EQ(one.attempt.begin(), Reason::kNone);
  EXPECT_EQ(two.attempt.begin(), Reason::kLimitConcurrency);
  EXPECT_EQ(rejections(LimitResource::kRequests), 1U);
  one.attempt.acquire({});
  turn();
  one.attempt.drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  EXPECT_EQ(two.attempt.begin(), Reason::kNone);
  two.attempt.drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  EXPECT_EQ(counts.requests.value(), 1U);
}

TEST_F(ClusterLimits, ARequestWithoutAnEndpointTakesNoPlace) {
  options.max_requests = 1;
  start({});
  Call one(*this);
  EXPECT_EQ(one.attempt.begin(), Reason::kNoHealthyUpstream);
  EXPECT_EQ(counts.requests.value(), 0U);
}

TEST_F(ClusterLimits, AReloadMayEndTheLimitWhileRequestsAreCounted) {
  options.max_requests = 5;
  start();
  Call one(*this);
  EXPECT_EQ(one.attempt.begin(), Reason::kNone);
  EXPECT_EQ(counts.requests.value(), 1U);
  options.max_requests = 0;
  cluster->configure(plan());
  one.attempt.drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  EXPECT_EQ(counts.requests.value(), 0U);
}

TEST_F(ClusterLimits, TheQueueHasALimitOverAllWorkers) {
  options.max_connections = 1;
  options.max_pending = 2;
  start();
  const auto other = another();
  acquire(first());
  Client& one = client();
  other->acquire(*other->pick({}), one, {});
  turn();
  Client& two = acquire(first());
  EXPECT_EQ(acquire(first()).told(), "exhausted ");
  EXPECT_EQ(one.told() + two.told(), "");
  EXPECT_EQ(counts.pending.value(), 2U);
  EXPECT_EQ(rejections(LimitResource::kPending), 1U);
  other->cancel(one);
  EXPECT_EQ(counts.pending.value(), 1U);
  EXPECT_EQ(acquire(first()).told(), "");
  other->done(*other->pick({}), {.result = AttemptOutcome::kCancel});
}

TEST_F(ClusterLimits, NobodyWaitsIfTheQueueHasNoRoom) {
  options.max_connections = 1;
  options.max_pending = 0;
  start();
  acquire(first());
  EXPECT_EQ(acquire(first()).told(), "exhausted ");
  EXPECT_EQ(counts.pending.value(), 0U);
}

TEST_F(ClusterLimits, RequestsBeingRetriedHaveALimit) {
  options.max_retries = 1;
  start();
  const auto suppressed = [&] {
    return cells.counter(retriesSuppressedKey(7, RetryRefusal::kMaxRetries)).value();
  };
  Tries other;
  other.begin(*cluster);
  {
    Tries tries;
    tries.begin(*cluster);
    EXPECT_TRUE(tries.mayRetry({.most = 5}));
    EXPECT_TRUE(tries.mayRetry({.most = 5})) << "the same request";
    EXPECT_FALSE(other.mayRetry({.most = 5}));
    EXPECT_EQ(suppressed(), 1U);
  }
  EXPECT_EQ(counts.retries.value(), 0U);
  EXPECT_TRUE(other.mayRetry({.most = 5}));
  other.end();
  EXPECT_EQ(counts.retries.value(), 0U);
}

TEST_F(ClusterLimits, ConnectionsAreLimitedByEndpointsAndWorkersByDefault) {
  ClusterPlan made = *plan();
  made.workers = 4;
  EXPECT_EQ(made.connectionLimit(0), 1024U);
  EXPECT_EQ(made.connectionLimit(64), 1024U);
  EXPECT_EQ(made.connectionLimit(65), 1040U);
  EXPECT_EQ(made.connectionLimit(2'000), 32'000U);
  made.options.max_connections = 7;
  EXPECT_EQ(made.connectionLimit(2'000), 7U);
  made.options.max_connections = 0;
  EXPECT_EQ(made.connectionLimit(2'000), 0U);
}

}  // namespace
}  // namespace weir::upstream
