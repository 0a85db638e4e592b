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

struct GrpcCase {
  int code;
  Verdict verdict;
};

// Every status of gRPC, and two that are not defined.
class VerdictOfGrpc : public ::testing::TestWithParam<GrpcCase> {};

TEST_P(VerdictOfGrpc, IsByItsStatus) {
  EXPECT_EQ(verdictOf({.status = 200, .grpc_status = GetParam().code}), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Codes, VerdictOfGrpc,
    ::testing::Values(GrpcCase{0, Verdict::kSuccess}, GrpcCase{1, Verdict::kSuccess},
                      GrpcCase{2, Verdict::kFailure}, GrpcCase{3, Verdict::kSuccess},
                      GrpcCase{4, Verdict::kFailure}, GrpcCase{5, Verdict::kSuccess},
                      GrpcCase{6, Verdict::kSuccess}, GrpcCase{7, Verdict::kSuccess},
                      GrpcCase{8, Verdict::kLimited}, GrpcCase{9, Verdict::kSuccess},
                      GrpcCase{10, Verdict::kSuccess}, GrpcCase{11, Verdict::kSuccess},
                      GrpcCase{12, Verdict::kSuccess}, GrpcCase{13, Verdict::kFailure},
                      GrpcCase{14, Verdict::kFailure}, GrpcCase{15, Verdict::kFailure},
                      GrpcCase{16, Verdict::kSuccess}, GrpcCase{17, Verdict::kFailure},
                      GrpcCase{-1, Verdict::kFailure}));

TEST(VerdictOf, AnHttpStatusPrecedesTheGrpcStatus) {
  EXPECT_EQ(verdictOf({.status = 503, .grpc_status = 0}), Verdict::kFailure);
  EXPECT_EQ(verdictOf({.status = 429, .grpc_status = 14}), Verdict::kLimited);
}

TEST(VerdictOf, AClusterMayHaveOtherFailures) {
  const http::StatusSet failures = failuresOf({"404", "429", "resource-exhausted"});
  const auto verdict = [&](int status, std::optional<int> grpc) {
    return verdictOf({.status = status, .grpc_status = grpc, .failures = &failures});
  };
  EXPECT_EQ(verdict(404, std::nullopt), Verdict::kFailure);
  EXPECT_EQ(verdict(429, std::nullopt), Verdict::kFailure);
  EXPECT_EQ(verdict(503, std::nullopt), Verdict::kSuccess);
  EXPECT_EQ(verdict(200, 8), Verdict::kFailure);
  EXPECT_EQ(verdict(200, 14), Verdict::kSuccess);
}

TEST(VerdictOf, AResponseGivenUpForARetryIsByItsStatus) {
  const auto given_up = [](int status) {
    return verdictOf({AttemptOutcome::kError, Reason::kNone, status});
  };
  EXPECT_EQ(given_up(503), Verdict::kFailure);
  EXPECT_EQ(given_up(429), Verdict::kLimited);
  EXPECT_EQ(given_up(409), Verdict::kSuccess);
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
  EXPECT_EQ(verdictOf({AttemptOutcome::kError, Reason::kLimitConcurrency}), Verdict::kNone);
  EXPECT_EQ(verdictOf({AttemptOutcome::kTimeout, Reason::kRequestTimeout}), Verdict::kNone);
}

}  // namespace
}  // namespace weir::upstream
