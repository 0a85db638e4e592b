#include "core/server/settings.h"

#include "core/base/memory.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Role> kRoles[] = {{"gateway", Role::kGateway},
                                                        {"sidecar", Role::kSidecar}};
constexpr std::pair<std::string_view, proxy::ForwardedMode> kForwardedModes[] = {
    {"append", proxy::ForwardedMode::kAppend}, {"preserve", proxy::ForwardedMode::kPreserve}};
constexpr std::pair<std::string_view, ClientCertMode> kClientCertModes[] = {
    {"sanitize", ClientCertMode::kSanitize},
    {"forward", ClientCertMode::kForward},
    {"append", ClientCertMode::kAppend},
    {"set", ClientCertMode::kSet},
    {"always_forward", ClientCertMode::kAlwaysForward}};
constexpr std::pair<std::string_view, proxy::ProxyProtocol> kProxyProtocols[] = {
    {"off", proxy::ProxyProtocol::kOff},
    {"optional", proxy::ProxyProtocol::kOptional},
    {"required", proxy::ProxyProtocol::kRequired}};
constexpr std::pair<std::string_view, Underscores> kUnderscores[] = {
    {"reject", Underscores::kReject}, {"pass", Underscores::kPass}};
constexpr std::pair<std::string_view, RequestIds> kRequestIds[] = {
    {"replace", RequestIds::kReplace}, {"keep", RequestIds::kKeep}};

constexpr std::pair<std::string_view, ListenerProtocol> kListenerProtocols[] = {
    {"auto", ListenerProtocol::kAuto},
    {"http1", ListenerProtocol::kHttp1},
    {"http2", ListenerProtocol::kHttp2},
    {"tcp", ListenerProtocol::kTcp}};
constexpr std::pair<std::string_view, net::ProxyVersion> kProxyVersions[] = {
    {"off", net::ProxyVersion::kNone},
    {"v1", net::ProxyVersion::kText},
    {"v2", net::ProxyVersion::kBinary}};
constexpr std::pair<std::string_view, http::VersionChoice> kProtocols[] = {
    {"auto", http::VersionChoice::kAuto},
    {"http1", http::VersionChoice::kHttp1},
    {"http2", http::VersionChoice::kHttp2}};

void readProxyProtocol(config::Table& table, ListenerSettings& out) {
  table.read("proxy_protocol", out.proxy_protocol, kProxyProtocols,
             "Whether connections begin with a PROXY protocol header, version 1 or 2, that names "
             "the client. Required: without one, or from others than proxy_protocol_from, they are "
             "closed.");
  table.read("proxy_protocol_from", out.proxy_protocol_from,
             "Peers whose PROXY protocol headers are believed.");
  table.read("proxy_protocol_timeout", out.proxy_protocol_timeout,
             "For the whole PROXY protocol header.", {.min = 1ms, .max = 1h});
  if (out.proxy_protocol != proxy::ProxyProtocol::kOff && out.proxy_protocol_from.empty()) {
    table.fail("proxy_protocol", "needs proxy_protocol_from: the peers to believe");
  }
}

void checkIdentity(config::Table& table, const UpstreamSettings& out) {
  if (!out.identity) return;
  const std::string_view fault = tls::faultOfPattern(*out.identity);
  if (!fault.empty()) table.fail("identity", std::string(fault));
  if (!out.identity->starts_with("spiffe://")) table.fail("identity", "begins with spiffe://");
  if (out.tls) table.fail("identity", "stands in place of tls");
}

void readLimits(config::Table& table, ListenerSettings& out) {
  table.read("header_timeout", out.header_timeout,
             "For the head of a request, from its first byte. 0: none. Default: 10s in a gateway, "
             "none in a sidecar.",
             {.min = 0ms, .max = 1h});
  table.read("idle_timeout", out.idle_timeout,
             "Between two requests of a connection; of one that is no HTTP, for as long as nothing "
             "moves on it. Default: 75s in a gateway, 1h in a sidecar and without HTTP.",
             {.min = 0ms, .max = 24h});
  table.read(
      "max_connection_age", out.max_connection_age,
      "Age at which a connection drains, up to a tenth earlier: requests in progress finish, "
      "and the client is told to open another. 0: no limit.",
      {.min = 0ms, .max = 24h * 30});
  table.read("send_timeout", out.send_timeout,
             "Time limit for a client that has answers to read and reads nothing. 0: none.",
             {.min = 0ms, .max = 24h});
  table.read("max_header_size", out.max_header_size,
             "Request line and headers together. Default: 32KiB in a gateway, 60KiB in a sidecar.",
             {.min = config::Size{1024}, .max = config::Size{1024 * 1024}});
  table.read("max_headers", out.max_headers,
             "Header fields of a request. Default: 100 in a gateway, 200 in a sidecar.",
             {.min = 1, .max = 10'000});
  table.read("max_target_size", out.max_target_size,
             "Size limit for the target of a request, its path and query; more is answered with "
             "414. Never more than max_header_size.",
             {.min = config::Size{256}, .max = config::Size{1024 * 1024}});
  table.read(
      "max_connections", out.max_connections,
      "Open connections; more are refused, with 503 where HTTP is spoken. 0: no limit of its "
      "own.");
}

}  // namespace

void ListenerSettings::read(config::Table& table, ListenerSettings& out) {
  table.read("name", out.name, "Its name in metrics and logs.", {.min_size = 1, .required = true});
  table.read("address", out.address, "Where to listen; port 0 takes a free one.",
             {.required = true});
  table.read("socket_mode", out.socket_mode,
             "File mode of a Unix socket, in octal. Default: as the umask of the process has it.");
  if (out.socket_mode && !out.address.isUnix()) {
    table.fail("socket_mode", "needs an address that is a Unix socket");
  }
  readLimits(table, out);
  table.read("trusted", out.trusted,
             "Peers whose X-Forwarded-*, Forwarded, X-Real-IP and similar headers are believed and "
             "kept.");
  table.read(
      "forwarded", out.forwarded, kForwardedModes,
      "What becomes of X-Forwarded-* and Forwarded. append is for an edge: it also removes "
      "X-Real-IP and similar headers of peers that are not trusted, and Proxy, X-Original-URL and "
      "X-Rewrite-URL. Default: append in a gateway, preserve in a sidecar.");
  table.read("forwarded_client_cert", out.forwarded_client_cert, kClientCertModes,
             "What becomes of X-Forwarded-Client-Cert: dropped; kept from clients that show a "
             "certificate; kept, with their own added; replaced by their own; or kept from all.");
  readProxyProtocol(table, out);
  table.read("underscores", out.underscores, kUnderscores,
             "Requests with an underscore in the name of a header or trailer. Default: reject in a "
             "gateway, pass in a sidecar.");
  table.read(
      "escaped_slashes", out.escaped_slashes, route::kEscapedSlashes,
      "Paths with %2F, %5C or %00. keep: for routes they separate nothing, so that a rule for "
      "/a does not hold for /a%2Fb. Default: reject in a gateway, keep in a sidecar. A route "
      "may say otherwise.");
  table.read("request_id", out.request_id, kRequestIds,
             "An X-Request-Id that the client sent. Default: replace in a gateway, keep in a "
             "sidecar.");
  table.read("merge_slashes", out.merge_slashes,
             "Whether // in a path means /. Default: true in a gateway, false in a sidecar.");
  table.read("connect", out.connect, "Whether the CONNECT method is allowed.");
  table.read("trace", out.trace,
             "Whether the TRACE method is forwarded, whose answer shows the request's headers. "
             "Default: false in a gateway, true in a sidecar.");
  table.read("reason_header", out.reason_header,
             "Whether answers of weir itself carry X-Weir-Reason.");
  table.read("tls", out.tls, "Secures the connections. Default: in the clear.");
  table.read("tls_rule", out.tls_rules,
             "What becomes of TLS connections, by what they ask for: the first rule that matches. "
             "None: decrypted where the listener has tls, else refused.");
  table.read("protocol", out.protocol, kListenerProtocols,
             "What clients may speak. auto: HTTP/2 as agreed on under TLS or right away in the "
             "clear, else HTTP/1. tcp: anything; connections are carried to the upstream.");
  table.read("upstream", out.upstream,
             "Where connections go with protocol tcp; with auto, those that turn out not to be "
             "HTTP.");
  table.read("http2", out.http2, "Many requests at a time on one connection.");
  out.place = table.place("address");
  out.path = table.path();
  out.clean = table.clean();
}

void UpstreamSettings::read(config::Table& table, UpstreamSettings& out) {
  table.read("discovery", out.discovery, table.kinds("discovery"), "Where its endpoints are.",
             {.required = true});
  table.read("balancer", out.balancer, "Which endpoint gets a request.");
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
  table.read("max_header_size", out.max_header_size,
             "Size limit for the head of a response, its status line and headers together; more is "
             "answered with 502.",
             {.min = config::Size{1024}, .max = config::Size{1024 * 1024}});
  table.read("max_headers", out.max_headers, "Limit for the number of header fields of a response.",
             {.min = 1, .max = 10'000});
  table.read("max_pending", out.max_pending,
             "Requests of one worker that may wait for a connection.");
  table.read("queue_timeout", out.queue_timeout, "How long they wait.", {.min = 1ms, .max = 1h});
  table.read("tls", out.tls, "Secures the connections to the endpoints. Default: in the clear.");
  table.read(
      "identity", out.identity,
      "Who the endpoints are, \"spiffe://DOMAIN/...\": nodes of weir, reached by HTTP/2 over "
      "TLS in which both sides show their certificates. Needs [identity].");
  checkIdentity(table, out);
  table.read("protocol", out.protocol, kProtocols,
             "What the endpoints speak. auto: agreed on under TLS, HTTP/1 in the clear.");
  table.read("http2", out.http2, "Many requests at a time on one connection.");
  table.read("proxy_protocol", out.proxy_protocol, kProxyVersions,
             "The header of the PROXY protocol that precedes every connection which a listener "
             "carries here, and names its client. Not for routes: their connections are shared.");
  out.place = table.place("balancer");
  out.discovery_place = table.place("discovery");
  out.clean = table.clean();
}

void OverloadSettings::read(config::Table& table, OverloadSettings& out) {
  table.read("max_buffered", out.max_buffered,
             "Limit of the memory that holds bodies and heads, of the process. 0: none. Default: "
             "half of what the machine, the control group or the address space has left at the "
             "start.");
  table.read("refuse_connections", out.refuse_connections,
             "Fraction of max_buffered from which on new connections are refused.",
             {.min = 0.01, .max = 1.0});
  table.read("reset_streams", out.reset_streams,
             "Fraction of max_buffered from which on answers that their clients do not read fast "
             "enough are broken off.",
             {.min = 0.01, .max = 1.0});
}

std::uint64_t OverloadSettings::threshold(double fraction) const {
  static const std::uint64_t half = memoryAvailable() / 2;
  const std::uint64_t limit = max_buffered ? max_buffered->bytes : half;
  return static_cast<std::uint64_t>(static_cast<double>(limit) * fraction);
}

void Settings::read(config::Table& table, Settings& out) {
  table.read("role", out.role, kRoles, "What this process is: it decides the defaults.");
  table.read("workers", out.workers, "Threads that carry traffic.",
             {.min = 1, .max = 1024, .none = "auto"});
  table.read("max_connections", out.max_connections,
             "Open connections of all listeners. 0: as many as the file descriptors allow.");
  table.read("drain_timeout", out.drain_timeout,
             "How long requests in flight may go on after SIGTERM.", {.min = 0ms, .max = 24h});
  table.read("overload", out.overload, "What is done when memory gets short.");
  table.read("listener", out.listeners, "Addresses that accept connections.");
  table.read("route", out.routes, "What becomes of a request.");
  table.read("upstream", out.upstreams,
             "Services that requests are forwarded to, or connections carried.");
}

}  // namespace weir::server
