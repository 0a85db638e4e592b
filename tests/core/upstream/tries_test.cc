#include "core/upstream/tries.h"

#include <optional>

#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

class TriesTest : public ClusterTest {
 protected:
  TriesTest() {
    start();
    tries.emplace();
    tries->begin(*cluster);
  }
  ~TriesTest() override { tries.reset(); }

  std::uint64_t refusals(RetryRefusal refusal) {
    return cells.counter(retriesSuppressedKey(7, refusal)).value();
  }

  std::optional<Tries> tries;
};

TEST_F(TriesTest, KeepsItsClusterUntilItsEnd) {
  EXPECT_EQ(tries->cluster(), cluster.get());
  EXPECT_FALSE(cluster->quiet());
  tries->end();
  EXPECT_EQ(tries->cluster(), nullptr);
  EXPECT_TRUE(cluster->quiet());
  tries->end();
  EXPECT_TRUE(cluster->quiet());
}

TEST_F(TriesTest, AllowsSoManyRetries) {
  EXPECT_TRUE(tries->mayRetry({.most = 2}));
  tries->noteRetry(Reason::kUpstreamConnectRefused);
  EXPECT_TRUE(tries->mayRetry({.most = 2}));
  tries->noteRetry(Reason::kPerTryTimeout);
  EXPECT_FALSE(tries->mayRetry({.most = 2}));
  EXPECT_EQ(refusals(RetryRefusal::kLimit), 1U);
  EXPECT_EQ(tries->retries(), 2U);
  EXPECT_EQ(tries->retryReason(), Reason::kPerTryTimeout);
}

TEST_F(TriesTest, RetriesOnlyWhatMayBeRepeated) {
  EXPECT_FALSE(tries->mayRetry({.most = 1, .repeatable = false, .replayable = false}));
  EXPECT_EQ(refusals(RetryRefusal::kNotIdempotent), 1U);
  EXPECT_FALSE(tries->mayRetry({.most = 1, .replayable = false}));
  EXPECT_EQ(refusals(RetryRefusal::kBodyTooLarge), 1U);
  EXPECT_TRUE(tries->mayRetry({.most = 1}));
}

TEST_F(TriesTest, TakesTokensOfTheRetryBudget) {
  std::uint32_t granted = 0;
  const std::uint32_t tokens = cluster->retryBudget().tokens(loop.now());
  while (granted < 1'000 && tries->mayRetry({.most = 1})) ++granted;
  EXPECT_EQ(granted, tokens);
  EXPECT_GT(granted, 0U);
  EXPECT_EQ(refusals(RetryRefusal::kBudget), 1U);
}

TEST_F(TriesTest, AReloadAppliesTheRetryBudget) {
  options.retry_budget = {.percent = 0, .per_second = 1};
  cluster->configure(plan());
  EXPECT_EQ(cluster->retryBudget().tokens(loop.now()), 1U);
}

TEST_F(TriesTest, PausesLongerBeforeEachRetry) {
  const Backoff backoff{Milliseconds(100), Milliseconds(10'000)};
  const auto longest = [&] {
    Milliseconds most{0};
    for (int i = 0; i < 1'000; ++i) most = std::max(most, tries->pause(backoff));
    return most;
  };
  const Milliseconds first = longest();
  EXPECT_LT(first, Milliseconds(100));
  EXPECT_GT(first, Milliseconds(50));
  tries->noteRetry(Reason::kUpstreamStatus);
  tries->noteRetry(Reason::kUpstreamStatus);
  const Milliseconds third = longest();
  EXPECT_LT(third, Milliseconds(400));
  EXPECT_GT(third, Milliseconds(200));
}

TEST_F(TriesTest, AReplayNeedsANewConnectionAndIsNoRetry) {
  EXPECT_FALSE(tries->fresh());
  int replays = 0;
  while (replays < 100 && tries->mayReplay()) {
    tries->noteReplay();
    ++replays;
  }
  EXPECT_EQ(replays, 3);
  EXPECT_TRUE(tries->fresh());
  EXPECT_EQ(tries->retries(), 0U);
}

}  // namespace
}  // namespace weir::upstream
