#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.h"
#include "core/base/reason.h"

namespace weir::upstream {

enum class AttemptOutcome : std::uint8_t { kOk, kError, kTimeout, kCancel };

// The result of an attempt at an endpoint.
struct Outcome {
  AttemptOutcome result = AttemptOutcome::kOk;
  Reason reason = Reason::kNone;
  int status = 0;           // of the response; 0: none arrived
  Nanoseconds duration{0};  // since the selection of the endpoint
  // Until the response's head arrived, or the connection was established if it has no codec.
  std::optional<Nanoseconds> first_byte = std::nullopt;
};

// What an outcome says about the endpoint. Used alike by balancers and guards.
enum class Verdict : std::uint8_t {
  kSuccess,
  kFailure,  // a response of 500 to 599, no response, or no connection
  kLimited,  // 429: it asks for fewer requests
  kNone,     // nothing: the client has cancelled, or a limit of weir's own was reached
};
Verdict verdictOf(const Outcome& outcome);

}  // namespace weir::upstream
