#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/http/message.h"
#include "core/upstream/tries.h"

// What a response says about its repetition.
namespace weir::proxy {

// The pause that it asks for by grpc-retry-pushback-ms or Retry-After. Refuses the retry if that is
// longer than `most`, or if the pushback is not a number, which means "never" (gRFC A6).
upstream::Tries::Retry pushback(const http::Response& response, Milliseconds most);

// The time until a Retry-After, in seconds or as a date. Empty: it is neither.
std::optional<Milliseconds> retryAfter(std::string_view text, Nanoseconds now);

}  // namespace weir::proxy
