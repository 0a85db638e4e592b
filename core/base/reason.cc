#include "core/base/reason.h"

#include <array>

namespace weir {
namespace {

// In the order of Reason. A reason without a meaning is reserved: weir does not produce it yet.
constexpr std::array<ReasonText, kReasonCount> kTexts = {{
    {},
    {"no_route", "No route matches the request.",
     "Check host, path and conditions of the routes; `/explain` on the admin address shows why "
     "each route was passed over."},
    {"no_healthy_upstream",
     "The upstream has no endpoint that may receive requests: discovery found none, or all weights "
     "are 0 (500 for those of a split).",
     "Check the upstream at `/upstreams` and its `discovery`."},
    {"upstream_connect_refused", "The connection to the endpoint was refused or failed.",
     "Check that the service is running, its address and port, and the firewalls on the way."},
    {"upstream_connect_timeout",
     "No connection to the endpoint was established in time, TLS handshake and HTTP/2 SETTINGS "
     "included.",
     "Check that the endpoint is reachable and not overloaded; increase `connect_timeout` for a "
     "slow network."},
    {"upstream_tls_error", "The TLS handshake with the endpoint failed.",
     "The log and the field `reason.detail` name the cause; check `tls` or `identity` of the "
     "upstream and the endpoint's certificate."},
    {"upstream_dns_error", "The addresses of the upstream have not been resolved yet.",
     "Check the name in `discovery` and the DNS servers; `/upstreams` shows the last failure."},
    {"upstream_reset_before_headers",
     "The endpoint closed or reset the connection before the response's head.",
     "Check the logs of the service for crashes and restarts; retry with `on = [\"reset\"]`."},
    {"upstream_reset_after_headers",
     "The endpoint closed or reset the connection in the middle of a response.",
     "Check the logs of the service; the client received an incomplete response."},
    {"upstream_protocol_error",
     "The endpoint sent a response that is invalid or exceeds the limits of the upstream.",
     "Check `protocol` of the upstream, the limits `max_header_size` and `max_headers`, and the "
     "service."},
    {"upstream_keepalive_race",
     "The endpoint closed a reused connection just as the request was sent.",
     "Set `idle_timeout` of the upstream below the keep-alive timeout of the service."},
    {"upstream_timeout", "The response's head did not arrive within `timeout` of the route.",
     "Find the cause of the delay in the service, or increase `timeout`."},
    {"per_try_timeout", "The response's head did not arrive within `per_try_timeout`.",
     "Find the cause of the delay in the service, or increase `per_try_timeout`."},
    {"request_timeout",
     "The deadline that the caller sent has passed (504), or the response was not complete within "
     "`timeout` of the route.",
     "Increase the deadline of the caller, or `timeout` for large downloads and streams."},
    {"header_timeout", "The client did not send the request's head within `header_timeout`.",
     "None for single cases; many of them may be an attack by slow clients."},
    {"stream_idle",
     "Neither side made progress within `idle_timeout`. The status is 504 if the upstream was "
     "idle, "
     "408 if the client was.",
     "Increase `idle_timeout` of the route, or of the listener for TCP, if long pauses are "
     "intended."},
    {"stream_max", {}, {}},
    {"retry_exhausted", {}, {}},
    {"retry_budget", {}, {}},
    {"breaker_open", {}, {}},
    {"queue_full",
     "All connections to the upstream were in use and `max_pending` requests were waiting.",
     "Increase `max_connections` or `max_pending` of the upstream, or the capacity of the "
     "service."},
    {"queue_timeout", "No connection to the upstream became free within `queue_timeout`.",
     "Increase `max_connections` of the upstream or the capacity of the service."},
    {"limit_concurrency", "`max_requests` of the upstream are in flight.",
     "Increase `max_requests` or the capacity of the service."},
    {"rate_limited",
     "The filter `rate_limit` refuses the request: the caller has used up a limit, or a part of "
     "the key is missing (`missing = \"deny\"`). Or the filter `basic` has seen too many wrong "
     "passwords from the client's address.",
     "`Retry-After` of the response tells the client when to try again. Check the limits if "
     "`weir_ratelimit_decisions_total` shows that many callers are refused."},
    {"rate_limit_error",
     "The server of `redis` of the filter `rate_limit` is away or did not respond within "
     "`timeout`, "
     "and `on_error` is `deny`.",
     "Check the server and its upstream; the log names the cause. With `on_error = \"local\"` each "
     "instance uses its own share of the limit meanwhile."},
    {"adaptive_shed", {}, {}},
    {"overload_memory", "Buffered bodies and heads exceed a threshold of `[overload]`.",
     "Find slow clients and large bodies; increase `max_buffered` or the memory of the process."},
    {"overload_connections",
     "`max_connections` of the listener or of the process is reached, or no file descriptor is "
     "left.",
     "Increase `max_connections` or the limit of file descriptors, or add instances."},
    {"authn_missing",
     "The request has no credentials, and a filter such as `jwt` or `api_key` requires them.",
     "The client must authenticate itself; `WWW-Authenticate` of the response says how."},
    {"authn_invalid", "The credentials are malformed, forged, wrong, or for another service.",
     "The field `reason.detail` names the mistake; check the client, and `issuer`, `audiences`, "
     "the keys or the users of the filter."},
    {"authn_expired", "The credentials have expired or are not valid yet.",
     "The client must renew its credentials; check the clocks of issuer and gateway."},
    {"authz_denied",
     "The filter `address_list`, `csrf` or `rbac` denies the request, or the token or key lacks "
     "what "
     "`require` of the filter `jwt` or `api_key` demands.",
     "The detail names the policy of `rbac` or the mistake of the token. For addresses, check "
     "`trusted_proxies` of the listener if the client is behind a proxy."},
    {"ext_auth_denied",
     "The service of the filter `forward_auth` refuses the request. The response is the service's, "
     "with its status.",
     "The log of the service names the cause."},
    {"ext_auth_error",
     "The service of the filter `forward_auth` did not respond within `timeout`, or responded with "
     "5xx, which the client receives; or the keys of the filter `jwt`, or the file of another "
     "filter, "
     "have not been read yet; or the filter `upstream_auth` has no token; or too many passwords "
     "for "
     "the filter `basic` are being verified.",
     "Check the service and its upstream, or the issuer and `jwks`; the log names the cause. "
     "Increase `timeout`, or set `on_error` if requests may proceed without a decision."},
    {"body_too_large",
     "A body exceeds the limit of a filter that needs it at once: 413 for a request, 502 for a "
     "response.",
     "Increase the limit of the filter, or exclude such messages by routes."},
    {"header_too_large",
     "The request's head exceeds `max_header_size` or `max_headers` (431), or its target exceeds "
     "`max_target_size` (414).",
     "Increase the limit of the listener if such requests are legitimate."},
    {"bad_request",
     "The request is invalid or violates a rule of the listener, such as those for underscores and "
     "escaped slashes. 417, 421, 425, 501 and 505 occur as well.",
     "The field `reason.detail` and the body of the response name the rule; correct the client or "
     "change the rule."},
    {"protocol_error", {}, {}},
    {"fault_abort", "The filter `fault` aborts the request.",
     "None: the fault is intended. Remove the filter, or set its `until`."},
    {"fault_delay",
     "The filter `fault` delays the request. Reserved for the delay; no reply has it.",
     "None: the fault is intended. Remove the filter, or set its `until`."},
    {"client_disconnect",
     "The client closed the connection or reset the stream before its response was complete. The "
     "status 499 is only logged.",
     "None for single cases; many of them may indicate slow responses."},
    {"draining",
     "The process or the listener drained and the time for requests in flight was over.",
     "Increase `drain_timeout` if requests take longer."},
    {"config_disabled",
     "The configuration does not allow the method or protocol: CONNECT or TRACE (405), or an "
     "upgrade (501).",
     "Set `allow_connect` or `trace` of the listener, or `upgrades` of the route."},
    {"upstream_status",
     "A response's status was one of the conditions of a retry. It is the reason of the attempt, "
     "not of the response.",
     "Check the service; `retry.on` of the route lists the statuses."},
    {"tls_handshake_failed",
     "The TLS handshake of a client failed; the line in the access log stands for the connection.",
     "The field `reason.detail` names the cause: check the client's certificate, its versions and "
     "the server name that it asks for."},
    {"transform_error",
     "A filter could not transform a body: 400 for a request, 502 for a response that is malformed "
     "or expands too much, 415 for a type or content coding that the filter does not know, 422 "
     "for JSON that cannot be changed as configured.",
     "The field `reason.detail` names the mistake; check the sender and the limits of the filter."},
    {"destination_denied",
     "The original destination of a redirected connection belongs to no upstream, or is not among "
     "those that `original` of the upstream allows.",
     "Add the destination to an upstream, as an endpoint or to its `addresses`, or allow it: "
     "`egress` of `[sidecar.outbound]`, `ports` of `[sidecar.inbound]`."},
    {"not_redirected",
     "A connection reached a transparent listener without being redirected. It is closed, because "
     "it would be forwarded to the listener itself.",
     "Connect to the service instead of weir, and check the rules with `weir intercept check`."},
    {"identity_revoked",
     "The connection was open when the trusted certificates, the revocation lists or the mode of "
     "TLS changed, and its peer is no longer accepted: the client (403), or the endpoint (502).",
     "Give the peer a certificate that is valid now; `weir_revoked_total` counts the closed "
     "connections."},
}};

}  // namespace

const ReasonText& describe(Reason reason) { return kTexts[static_cast<std::size_t>(reason)]; }

std::string_view toString(Reason reason) { return describe(reason).word; }

}  // namespace weir
