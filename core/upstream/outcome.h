#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/reason.h"
#include "core/http/status_set.h"

namespace weir::upstream {

// How an attempt ended. kLimited: only in metrics, for a complete response with that verdict.
enum class AttemptOutcome : std::uint8_t { kOk, kError, kTimeout, kCancel, kLimited };

// The result of an attempt at an endpoint.
struct Outcome {
  AttemptOutcome result = AttemptOutcome::kOk;
  Reason reason = Reason::kNone;
  int status = 0;           // of the response; 0: none arrived
  Nanoseconds duration{0};  // since the selection of the endpoint
  // Until the response's head arrived, or the connection was established if it has no codec.
  std::optional<Nanoseconds> first_byte = std::nullopt;
  std::optional<int> grpc_status = std::nullopt;  // of a gRPC call, from the head or the trailers
  // The statuses that the cluster counts as failures; null: the default ones.
  const http::StatusSet* failures = nullptr;
};

// What an outcome says about the endpoint. The one classification for balancers, guards, retries
// and metrics; the table is in docs/resilience.md.
enum class Verdict : std::uint8_t {
  kSuccess,
  kFailure,  // a status that counts as a failure, no complete response, or no connection
  kLimited,  // 429 or RESOURCE_EXHAUSTED: it asks for fewer requests
  kNone,     // nothing: the client has cancelled, its deadline has passed, or a limit of weir's own
             // was reached
};
Verdict verdictOf(const Outcome& outcome);
// True if verdictOf() is kSuccess whatever `failures` are; false does not say anything.
constexpr bool isPlainSuccess(const Outcome& outcome) {
  return outcome.status < http::StatusSet::kLeast && outcome.result == AttemptOutcome::kOk &&
         outcome.reason == Reason::kNone && !outcome.grpc_status;
}

// The default value of `failures`.
const std::vector<std::string>& defaultFailures();
// The statuses that these words mean; each has been checked.
http::StatusSet failuresOf(const std::vector<std::string>& words);

}  // namespace weir::upstream
