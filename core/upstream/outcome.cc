#include "core/upstream/outcome.h"

#include "core/http/grpc_status.h"

namespace weir::upstream {
namespace {

constexpr int kTooManyRequests = 429;

// Limits of weir's own, at which the endpoint was not asked, and the deadlines of callers: with a
// short one, a client could take a healthy endpoint out of use.
bool isNotOfEndpoint(Reason reason) {
  switch (reason) {
    case Reason::kQueueFull:
    case Reason::kQueueTimeout:
    case Reason::kLimitConcurrency:
    case Reason::kOverloadConnections:
    case Reason::kRequestTimeout:
      return true;
    default:
      return false;
  }
}

const http::StatusSet& defaultStatuses() {
  static const http::StatusSet statuses = failuresOf(defaultFailures());
  return statuses;
}

Verdict verdictOfGrpc(int code, const http::StatusSet& failures) {
  if (failures.hasGrpc(code)) return Verdict::kFailure;
  if (code == static_cast<int>(http::GrpcCode::kResourceExhausted)) return Verdict::kLimited;
  const bool known = code >= 0 && code <= static_cast<int>(http::GrpcCode::kUnauthenticated);
  return known ? Verdict::kSuccess : Verdict::kFailure;  // others mean UNKNOWN
}

Verdict verdictOfStatus(int status, const http::StatusSet& failures) {
  if (failures.has(status)) return Verdict::kFailure;
  return status == kTooManyRequests ? Verdict::kLimited : Verdict::kSuccess;
}

}  // namespace

Verdict verdictOf(const Outcome& outcome) {
  if (isPlainSuccess(outcome)) return Verdict::kSuccess;
  if (outcome.result == AttemptOutcome::kCancel || isNotOfEndpoint(outcome.reason)) {
    return Verdict::kNone;
  }
  // A response that was given up for a retry is classified by its status as well.
  const bool given_up = outcome.result == AttemptOutcome::kError &&
                        outcome.reason == Reason::kNone && outcome.status > 0;
  if (outcome.result != AttemptOutcome::kOk && !given_up) return Verdict::kFailure;
  const http::StatusSet& failures =
      outcome.failures == nullptr ? defaultStatuses() : *outcome.failures;
  const Verdict by_status = verdictOfStatus(outcome.status, failures);
  if (by_status != Verdict::kSuccess || !outcome.grpc_status) return by_status;
  return verdictOfGrpc(*outcome.grpc_status, failures);
}

const std::vector<std::string>& defaultFailures() {
  static const std::vector<std::string> words = {"5xx",      "unknown",     "deadline-exceeded",
                                                 "internal", "unavailable", "data-loss"};
  return words;
}

http::StatusSet failuresOf(const std::vector<std::string>& words) {
  http::StatusSet statuses;
  for (const std::string& word : words) statuses.add(word);
  return statuses;
}

}  // namespace weir::upstream
