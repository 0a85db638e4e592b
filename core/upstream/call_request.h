#pragma once

#include "core/base/result.h"
#include "core/http/client.h"
#include "core/upstream/cluster_plan.h"

namespace weir::upstream {

// Copies a request of weir's own into `to` and its arena, completed with Host, scheme and
// User-Agent. Fails with kInvalid if it is not a valid request: text that must not be in a head, or
// a header for framing.
Result<void> copyCallRequest(const http::CallRequest& from, const ClusterPlan& cluster,
                             http::Request& to);

// Adds the fields to `to`, copied into its arena.
void copyHeaders(const http::Headers& from, http::Headers& to);

}  // namespace weir::upstream
