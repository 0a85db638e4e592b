#include "core/upstream/outcome.h"

namespace weir::upstream {
namespace {

constexpr int kTooManyRequests = 429;

// Limits of weir's own, at which the endpoint was not asked.
bool isLocal(Reason reason) {
  return reason == Reason::kQueueFull || reason == Reason::kQueueTimeout ||
         reason == Reason::kOverloadConnections;
}

}  // namespace

Verdict verdictOf(const Outcome& outcome) {
  if (outcome.result == AttemptOutcome::kCancel || isLocal(outcome.reason)) return Verdict::kNone;
  if (outcome.status == kTooManyRequests) return Verdict::kLimited;
  const bool failed = outcome.result != AttemptOutcome::kOk || outcome.status >= 500;
  return failed ? Verdict::kFailure : Verdict::kSuccess;
}

}  // namespace weir::upstream
