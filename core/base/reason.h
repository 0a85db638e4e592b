#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// Why weir itself answered or ended an exchange: one word, the same in the metric, the access log,
// the span and the x-weir-reason header. Bounded, so that it may be a label.
enum class Reason : std::uint8_t {
  kNone,
  kNoRoute,
  kNoHealthyUpstream,
  kUpstreamConnectRefused,
  kUpstreamConnectTimeout,
  kUpstreamTlsError,
  kUpstreamDnsError,
  kUpstreamResetBeforeHeaders,
  kUpstreamResetAfterHeaders,
  kUpstreamProtocolError,
  kUpstreamKeepaliveRace,
  kUpstreamTimeout,
  kPerTryTimeout,
  kRequestTimeout,
  kHeaderTimeout,
  kStreamIdle,
  kStreamMax,
  kRetryExhausted,
  kRetryBudget,
  kBreakerOpen,
  kQueueFull,
  kQueueTimeout,
  kLimitConcurrency,
  kRateLimited,
  kRateLimitError,
  kAdaptiveShed,
  kOverloadMemory,
  kOverloadConnections,
  kAuthnMissing,
  kAuthnInvalid,
  kAuthnExpired,
  kAuthzDenied,
  kExtAuthDenied,
  kExtAuthError,
  kBodyTooLarge,
  kHeaderTooLarge,
  kBadRequest,
  kProtocolError,
  kFaultAbort,
  kFaultDelay,
  kClientDisconnect,
  kDraining,
  kConfigDisabled,
  kUpstreamStatus,
  kTlsHandshakeFailed,
  kTransformError,
  kDestinationDenied,
  kNotRedirected,
  kIdentityRevoked,
};

inline constexpr int kReasonCount = static_cast<int>(Reason::kIdentityRevoked) + 1;

struct ReasonText {
  std::string_view word;     // "no_route"; empty for kNone
  std::string_view meaning;  // Markdown, as is the next; empty: reserved, not produced yet
  std::string_view remedy;   // what an operator can do
};

const ReasonText& describe(Reason reason);
std::string_view toString(Reason reason);  // the word

}  // namespace weir
