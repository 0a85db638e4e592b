#include "core/http/status.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/message.h"

namespace weir::http {
namespace {

Error downstream(ErrorCode code) { return {code, Origin::kDownstream, {}}; }

TEST(StatusFor, SaysWhoseFaultItWas) {
  EXPECT_EQ(statusFor(Reason::kNone), 200);
  EXPECT_EQ(statusFor(Reason::kNoRoute), 404);
  EXPECT_EQ(statusFor(Reason::kUpstreamTimeout), 504);
  EXPECT_EQ(statusFor(Reason::kUpstreamTlsError), 502);
  EXPECT_EQ(statusFor(Reason::kHeaderTimeout), 408);
  EXPECT_EQ(statusFor(Reason::kRateLimited), 429);
  EXPECT_EQ(statusFor(Reason::kAuthnMissing), 401);
  EXPECT_EQ(statusFor(Reason::kExtAuthDenied), 403);
  EXPECT_EQ(statusFor(Reason::kBodyTooLarge), 413);
  EXPECT_EQ(statusFor(Reason::kHeaderTooLarge), 431);
  EXPECT_EQ(statusFor(Reason::kBadRequest), 400);
  EXPECT_EQ(statusFor(Reason::kConfigDisabled), 405);
  EXPECT_EQ(statusFor(Reason::kClientDisconnect), 499);
  EXPECT_EQ(statusFor(Reason::kQueueFull), 503);
  EXPECT_EQ(statusFor(Reason::kDraining), 503);
}

TEST(StatusFor, AllButOneAreSentWithAPhrase) {
  std::vector<int> without;
  for (int reason = 0; reason < kReasonCount; ++reason) {
    const int status = statusFor(static_cast<Reason>(reason));
    if (phraseFor(status).empty()) without.push_back(status);
  }
  EXPECT_EQ(without, std::vector<int>{499});
}

TEST(ReasonForRequest, SaysWhatWasWrongWithIt) {
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kTooLarge)), Reason::kHeaderTooLarge);
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kTargetTooLarge)), Reason::kHeaderTooLarge);
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kTimeout)), Reason::kHeaderTimeout);
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kClosed)), Reason::kClientDisconnect);
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kReset)), Reason::kClientDisconnect);
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kCancelled)), Reason::kDraining);
  EXPECT_EQ(reasonForRequest(downstream(ErrorCode::kProtocol)), Reason::kBadRequest);
}

TEST(StatusForRequest, IsExactWhereHttpIs) {
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kTargetTooLarge)), 414);
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kTooLarge)), 431);
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kNotImplemented)), 501);
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kVersion)), 505);
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kExpectation)), 417);
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kTimeout)), 408);
  EXPECT_EQ(statusForRequest(downstream(ErrorCode::kProtocol)), 400);
}

}  // namespace
}  // namespace weir::http
