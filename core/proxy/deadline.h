#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/http/message.h"

// The time that a caller gives a request, in its headers: grpc-timeout of gRPC, X-Weir-Deadline-Ms
// and X-Envoy-Expected-Rq-Timeout-Ms. All are relative, so that clocks need not agree.
namespace weir::proxy {

// The time in the headers that only trusted peers may send: the shorter one. Empty: none, or an
// invalid value. Call it before admit(), which drops them.
std::optional<Milliseconds> trustedDeadline(const http::Request& request);

// The shorter of both; empty: no limit.
std::optional<Milliseconds> shorterOf(std::optional<Milliseconds> one,
                                      std::optional<Milliseconds> other);

// Tells the upstream how much time is left: grpc-timeout in a gRPC call, X-Weir-Deadline-Ms in any
// other request, and X-Envoy-Expected-Rq-Timeout-Ms if the request has it. One millisecond is
// deducted for the way.
void writeDeadline(http::Request& request, Milliseconds left);

}  // namespace weir::proxy
