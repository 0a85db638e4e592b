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
  // Until the response's head arrived.
  std::optional<Nanoseconds> first_byte = std::nullopt;
};

}  // namespace weir::upstream
