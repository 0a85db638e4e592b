#include "core/upstream/cluster_options.h"

#include "core/config/suggestion.h"
#include "core/config/table.h"
#include "core/config/variant.h"
#include "core/tls/san_matcher.h"
#include "core/upstream/virtual_addresses.h"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

// For weir nodes, which accept PINGs: a node that vanished must be noticed early.
constexpr Milliseconds kNodePingInterval = 10s;

constexpr std::pair<std::string_view, net::ProxyVersion> kProxyVersions[] = {
    {"off", net::ProxyVersion::kNone},
    {"v1", net::ProxyVersion::kText},
    {"v2", net::ProxyVersion::kBinary}};
constexpr std::pair<std::string_view, http::VersionChoice> kProtocols[] = {
    {"auto", http::VersionChoice::kAuto},
    {"http1", http::VersionChoice::kHttp1},
    {"http2", http::VersionChoice::kHttp2}};

void readIdentity(config::Table& table, ClusterOptions& out) {
  table.read("identity", out.identity,
             "SPIFFE ID that the endpoints must prove, \"spiffe://DOMAIN/...\". Implies HTTP/2 "
             "over mutual TLS with the certificate of [identity], which is required.");
  if (!out.identity || !table.has("identity")) return;
  const std::string_view fault = tls::faultOfPattern(*out.identity);
  if (!fault.empty()) table.fail("identity", std::string(fault));
  if (!out.identity->starts_with("spiffe://")) table.fail("identity", "must begin with spiffe://");
  if (out.tls) table.fail("identity", "cannot be combined with tls, which it replaces");
  out.http2.ping_interval = kNodePingInterval;
}

void checkHealthCheck(config::Table& table, const ClusterOptions& options) {
  if (!options.health_check || !table.has("health_check")) return;
  if (options.health_check->grpc && !options.speaksHttp2()) {
    table.fail("health_check", "uses gRPC, but the endpoints speak HTTP/1", "protocol = \"http2\"");
  }
  if (options.proxy_protocol != net::ProxyVersion::kNone && !options.health_check->tcp) {
    table.fail("health_check", "can only be tcp with proxy_protocol");
  }
}

void readLimits(config::Table& table, ClusterOptions& out) {
  table.read("connect_timeout", out.connect_timeout,
             "Time limit for connecting to an endpoint, including the TLS handshake.",
             {.min = 1ms, .max = 1h});
  table.read("idle_timeout", out.idle_timeout, "Maximum idle time of a pooled connection.",
             {.min = 1ms, .max = 24h});
  table.read("max_connection_age", out.max_connection_age,
             "Maximum age of a connection, shortened at random by up to a tenth. After that it "
             "takes no new request and is closed once those in flight have completed. A connection "
             "whose endpoint's certificate has expired takes no new request either. 0: no limit.",
             {.min = 0ms, .max = 720h});
  table.read("max_connections", out.max_connections,
             "Maximum number of connections to all endpoints, across all workers. 0: no limit. "
             "Default: 4 for each endpoint and worker, but at least 1024. With fewer than one for "
             "each endpoint and worker, connections are closed and opened all the time.");
  table.read("max_requests", out.max_requests,
             "Maximum number of requests in flight to all endpoints, across all workers; further "
             "ones are answered with 503. 0: no limit.");
  table.readBytes(
      "max_header_size", out.http2.limits.head_bytes,
      "Maximum size of a response's status line and headers. A larger response is replaced by 502.",
      {.min = config::Size{1024}, .max = config::Size{1024 * 1024}});
  table.read("max_headers", out.http2.limits.headers,
             "Maximum number of header fields in a response.", {.min = 1, .max = 10'000});
  table.read("max_pending", out.max_pending,
             "Maximum number of requests, across all workers, that wait for a connection.");
  table.read("queue_timeout", out.queue_timeout, "Time limit for waiting for a connection.",
             {.min = 1ms, .max = 1h});
  table.read("max_retries", out.max_retries,
             "Maximum number of requests that are being retried at the same time, across all "
             "workers, in addition to `retry_budget`. 0: no limit.");
  table.read("retry_budget", out.retry_budget,
             "Limit of the retries, so that they do not overload an upstream that is failing. The "
             "requests and retries of the last 10 s count, those of all workers together.");
}

void readAddresses(config::Table& table, ClusterOptions& out) {
  table.read("addresses", out.addresses,
             "Virtual addresses of the service, \"10.96.0.10:80\" or \"10.96.0.10\" for all ports: "
             "connections to them that reach a transparent listener belong to this upstream.");
  for (std::size_t i = 0; i < out.addresses.size(); ++i) {
    if (parseVirtualAddress(out.addresses[i])) continue;
    table.failElement("addresses", i, "is not an IP address, with or without a port");
  }
}

void readFailures(config::Table& table, ClusterOptions& out) {
  table.read(
      "failures", out.failures,
      "Statuses of responses that count as failures of the endpoint, for breakers, balancers "
      "and metrics: a status code such as 503, gateway-error (502, 503, 504), 5xx, or a "
      "gRPC status such as unavailable. Resets, timeouts and failed connections always "
      "count.");
  for (std::size_t i = 0; i < out.failures.size(); ++i) {
    const std::string& word = out.failures[i];
    if (http::StatusSet().add(word)) continue;
    const auto words = http::StatusSet::words();
    table.failElement("failures", i, "unknown status \"" + word + "\"",
                      config::closestWord(word, {words.begin(), words.end()}));
  }
  out.failure_statuses = failuresOf(out.failures);
}

}  // namespace

bool ClusterOptions::speaksHttp2() const {
  if (protocol != http::VersionChoice::kAuto) return protocol == http::VersionChoice::kHttp2;
  return tls.has_value() || identity.has_value();
}

void ClusterOptions::read(config::Table& table, ClusterOptions& out) {
  table.read("discovery", out.discovery, table.kinds("discovery"), "Source of the endpoints.",
             {.required = true});
  readAddresses(table, out);
  table.read(
      "empty_hold", out.empty_hold,
      "Time for which the endpoints stay in use after discovery reported that there are none "
      "any more, which is often a mistake. After that, requests are answered with 503. "
      "never: they stay in use until discovery reports others.",
      {.min = 0ms, .max = 24h, .none = "never"});
  table.read("balancer", out.balancer, table.kinds("balancer"), "Load balancing algorithm.");
  table.read("guards", out.guards, table.kinds("guard"),
             "Guards: breakers that take failing endpoints out of use.");
  table.read(
      "health_check", out.health_check,
      "Active health checks: weir itself asks each endpoint at intervals, and those that are "
      "unhealthy get no traffic. Default: none.");
  table.read(
      "panic_threshold", out.panic_threshold,
      "Minimum share of usable endpoints. If health checks and guards leave fewer, requests are "
      "spread over all endpoints, because the others would probably be overloaded. 0%: never.");
  table.read(
      "overprovisioning", out.overprovisioning,
      "Capacity of the endpoints of a priority, relative to the requests that they get while all "
      "are usable. 140%: endpoints of the next priority get requests once fewer than 71 % are "
      "usable.",
      {.min = 100, .max = 1000});
  table.read("slow_start", out.slow_start,
             "Increase of the weight of an endpoint that was added, or has become usable again, "
             "while others are in use. Without effect on balancers by key. Default: none.");
  readFailures(table, out);
  readLimits(table, out);
  table.read("tls", out.tls, "TLS settings for connections to the endpoints. Default: plaintext.");
  readIdentity(table, out);
  table.read("protocol", out.protocol, kProtocols,
             "Protocol of the endpoints. auto: negotiated by ALPN with TLS, HTTP/1 in plaintext.");
  table.read("http2", out.http2, "HTTP/2 settings.");
  table.read("proxy_protocol", out.proxy_protocol, kProxyVersions,
             "Version of the PROXY protocol header, naming the client, that precedes every TCP "
             "connection proxied to this upstream. Not available to routes, which share "
             "connections between clients.");
  checkHealthCheck(table, out);
  table.locate(out.origin);
  table.locate(out.discovery_origin, "discovery");
}

}  // namespace weir::upstream
