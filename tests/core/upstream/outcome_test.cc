#include "core/upstream/outcome.h"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

TEST(VerdictOf, AResponseIsByItsStatus) {
  EXPECT_EQ(verdictOf({.status = 200}), Verdict::kSuccess);
  EXPECT_EQ(verdictOf({.status = 404}), Verdict::kSuccess);
  EXPECT_EQ(verdictOf({.status = 429}), Verdict::kLimited);
  EXPECT_EQ(verdictOf({.status = 500}), Verdict::kFailure);
  EXPECT_EQ(verdictOf({.status = 599}), Verdict::kFailure);
}

TEST(VerdictOf, NoResponseIsAFailure) {
  EXPECT_EQ(verdictOf({AttemptOutcome::kError, Reason::kUpstreamConnectRefused}),
            Verdict::kFailure);
  EXPECT_EQ(verdictOf({AttemptOutcome::kError, Reason::kUpstreamResetAfterHeaders, 200}),
            Verdict::kFailure);
  EXPECT_EQ(verdictOf({AttemptOutcome::kTimeout, Reason::kPerTryTimeout}), Verdict::kFailure);
}

TEST(VerdictOf, TheEndpointIsNotAtFaultForTheClientOrALocalLimit) {
  EXPECT_EQ(verdictOf({AttemptOutcome::kCancel, Reason::kClientDisconnect}), Verdict::kNone);
  EXPECT_EQ(verdictOf({AttemptOutcome::kError, Reason::kQueueFull}), Verdict::kNone);
  EXPECT_EQ(verdictOf({AttemptOutcome::kTimeout, Reason::kQueueTimeout}), Verdict::kNone);
  EXPECT_EQ(verdictOf({AttemptOutcome::kError, Reason::kOverloadConnections}), Verdict::kNone);
}

}  // namespace
}  // namespace weir::upstream
