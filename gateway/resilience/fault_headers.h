#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/http/message.h"

namespace weir::gateway {

// The faults that a request asks for in its headers.
struct FaultWishes {
  std::optional<Milliseconds> delay;
  std::optional<int> status;       // of an abort
  std::optional<int> grpc_status;  // likewise
  double delay_share = 1;          // of the requests that the configuration would delay
  double abort_share = 1;
};

// Reads and removes X-Weir-Fault-Delay ("200ms"), X-Weir-Fault-Abort (400 to 599), both with
// "-Percent", and the fields of Envoy's fault filter for delays and aborts. Invalid values count as
// missing.
FaultWishes takeFaultHeaders(http::Headers& headers);

}  // namespace weir::gateway
