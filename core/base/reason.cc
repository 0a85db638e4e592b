#include "core/base/reason.h"

#include <array>

namespace weir {
namespace {

constexpr std::array<std::string_view, kReasonCount> kNames = {
    "",
    "no_route",
    "no_healthy_upstream",
    "upstream_connect_refused",
    "upstream_connect_timeout",
    "upstream_tls_error",
    "upstream_dns_error",
    "upstream_reset_before_headers",
    "upstream_reset_after_headers",
    "upstream_protocol_error",
    "upstream_keepalive_race",
    "upstream_timeout",
    "per_try_timeout",
    "request_timeout",
    "header_timeout",
    "stream_idle",
    "stream_max",
    "retry_exhausted",
    "retry_budget",
    "breaker_open",
    "queue_full",
    "queue_timeout",
    "limit_concurrency",
    "rate_limited",
    "adaptive_shed",
    "overload_memory",
    "overload_connections",
    "authn_missing",
    "authn_invalid",
    "authn_expired",
    "authz_denied",
    "ext_auth_denied",
    "ext_auth_error",
    "body_too_large",
    "header_too_large",
    "bad_request",
    "protocol_error",
    "fault_abort",
    "fault_delay",
    "client_disconnect",
    "draining",
    "config_disabled",
    "upstream_status",
};

}  // namespace

std::string_view toString(Reason reason) { return kNames[static_cast<std::size_t>(reason)]; }

}  // namespace weir
