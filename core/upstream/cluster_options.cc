#include "core/upstream/cluster_options.h"

#include "core/config/choice.h"
#include "core/config/table.h"
#include "core/tls/names.h"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

// Of nodes of weir, which do not mind PINGs: one that vanished is to be noticed early.
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
  table.read(
      "identity", out.identity,
      "Who the endpoints are, \"spiffe://DOMAIN/...\": nodes of weir, reached by HTTP/2 over "
      "TLS in which both sides show their certificates. Needs [identity].");
  if (!out.identity || !table.has("identity")) return;
  const std::string_view fault = tls::faultOfPattern(*out.identity);
  if (!fault.empty()) table.fail("identity", std::string(fault));
  if (!out.identity->starts_with("spiffe://")) table.fail("identity", "begins with spiffe://");
  if (out.tls) table.fail("identity", "stands in place of tls");
  out.http2.ping_interval = kNodePingInterval;
}

void readLimits(config::Table& table, ClusterOptions& out) {
  table.read("connect_timeout", out.connect_timeout, "For a connection to an endpoint.",
             {.min = 1ms, .max = 1h});
  table.read("idle_timeout", out.idle_timeout, "Of a connection that nobody uses.",
             {.min = 1ms, .max = 24h});
  table.read("max_connection_age", out.max_connection_age,
             "Age at which a connection takes no further request; it is closed when those that it "
             "carries have ended. Connections end up to a tenth earlier, so that they do not all "
             "end together. A connection never takes a request after the certificate of its "
             "endpoint has expired. 0: no limit.",
             {.min = 0ms, .max = 720h});
  table.read("max_connections", out.max_connections,
             "Connections to all endpoints, of all workers. 0: no limit.");
  table.readBytes("max_header_size", out.http2.limits.head_bytes,
                  "Size limit for the head of a response, its status line and headers together; "
                  "more is answered with 502.",
                  {.min = config::Size{1024}, .max = config::Size{1024 * 1024}});
  table.read("max_headers", out.http2.limits.headers,
             "Limit for the number of header fields of a response.", {.min = 1, .max = 10'000});
  table.read("max_pending", out.max_pending,
             "Requests of one worker that may wait for a connection.");
  table.read("queue_timeout", out.queue_timeout, "How long they wait.", {.min = 1ms, .max = 1h});
}

}  // namespace

void ClusterOptions::read(config::Table& table, ClusterOptions& out) {
  table.read("discovery", out.discovery, table.kinds("discovery"), "Where its endpoints are.",
             {.required = true});
  table.read("balancer", out.balancer, "Which endpoint gets a request.");
  readLimits(table, out);
  table.read("tls", out.tls, "Secures the connections to the endpoints. Default: in the clear.");
  readIdentity(table, out);
  table.read("protocol", out.protocol, kProtocols,
             "What the endpoints speak. auto: agreed on under TLS, HTTP/1 in the clear.");
  table.read("http2", out.http2, "Many requests at a time on one connection.");
  table.read("proxy_protocol", out.proxy_protocol, kProxyVersions,
             "The header of the PROXY protocol that precedes every connection which a listener "
             "carries here, and names its client. Not for routes: their connections are shared.");
  table.locate(out.origin, "balancer");
  table.locate(out.discovery_origin, "discovery");
}

}  // namespace weir::upstream
