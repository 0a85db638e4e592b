#include "tools/weir/starter_files.h"

namespace weir {

std::string_view gatewayStarter() {
  return R"toml(# A gateway. Check it with `weir check`, run it with `weir run`; it is read again whenever it
# changes. To switch a setting on, remove the # at the beginning of its line.

[[listener]]
name = "web"
address = "0.0.0.0:8080"
#redirect_to_https = { port = 8443 }

# HTTPS. For a certificate to try it with: weir ca init && weir ca issue edge --dns localhost
#[[listener]]
#name = "secure"
#address = "0.0.0.0:8443"
#tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }] }
#response_headers = { set = { strict-transport-security = "max-age=31536000" } }

# One line of JSON for each request; with the condition only for failed and slow ones.
[[access_log]]
file = "stdout"
#when = "response.status >= 500 || response.duration > duration('1s')"

# The more specific route decides, whatever the order.
[[route]]
name = "all"
#hosts = ["localhost", "shop.example.com"]
#match = { path_prefix = "/shop" }
upstream = "app"
#timeout = "30s"
#retry = { attempts = 2, on = ["connect-failure", "gateway-error"] }
#filters = ["limit"]

# Filters that routes and listeners use by their names.
#[filter.limit]
#rate_limit = { rate = "100/s", key = ["client.address"] }

[upstream.app]
discovery = { static = ["127.0.0.1:3000"] }  # or { dns = "app.internal:3000" }
#balancer = "least_request"
#health_check = { http = { path = "/healthz" } }
#guards = ["breaker"]

# Spans for a collector of OpenTelemetry.
#[tracing]
#endpoint = "http://127.0.0.1:4318"
#sample = "10%"
)toml";
}

std::string_view sidecarStarter() {
  return R"toml(# A sidecar. Check it with `weir check`, run it with `weir run`; it is read again whenever it
# changes. To switch a setting on, remove the # at the beginning of its line.
role = "sidecar"

[sidecar]
service = "shop"
# Requests of other services arrive at the first address and go to the application at the second.
inbound = { address = "0.0.0.0:15006", application = "127.0.0.1:8081" }
# The application sends its own requests here, with the name of an upstream as their host:
# curl -H "Host: orders" http://127.0.0.1:15001/
outbound = { address = "127.0.0.1:15001" }

# Mutual TLS. For a CA and a certificate to try it with: weir ca init &&
# weir ca issue node --identity spiffe://shop.test/ns/shop/sa/shop
#[sidecar.identity]
#cert = "ca/node.crt"
#key = "ca/node.key"
#trust = "ca/root.crt"

# Another service, behind its own sidecar.
[upstream.orders]
discovery = { static = ["127.0.0.1:16006"] }  # or { dns = "orders.internal:15006" }
#identity = "spiffe://shop.test/ns/shop/sa/orders"  # SPIFFE ID that the endpoints must prove

# One line of JSON for each request.
[[access_log]]
file = "stdout"
)toml";
}

}  // namespace weir
