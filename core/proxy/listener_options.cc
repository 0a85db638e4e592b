#include "core/proxy/listener_options.h"

#include <algorithm>

#include "core/config/table.h"
#include "core/http/syntax.h"
#include "core/route/settings.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, ForwardedMode> kForwardedModes[] = {
    {"append", ForwardedMode::kAppend}, {"preserve", ForwardedMode::kPreserve}};
constexpr std::pair<std::string_view, ClientCertMode> kClientCertModes[] = {
    {"sanitize", ClientCertMode::kSanitize},
    {"forward", ClientCertMode::kForward},
    {"append", ClientCertMode::kAppend},
    {"set", ClientCertMode::kSet},
    {"always_forward", ClientCertMode::kAlwaysForward}};
constexpr std::pair<std::string_view, ProxyProtocol> kProxyProtocols[] = {
    {"off", ProxyProtocol::kOff},
    {"optional", ProxyProtocol::kOptional},
    {"required", ProxyProtocol::kRequired}};
constexpr std::pair<std::string_view, Underscores> kUnderscores[] = {
    {"reject", Underscores::kReject}, {"allow", Underscores::kAllow}};
constexpr std::pair<std::string_view, RequestIds> kRequestIds[] = {
    {"replace", RequestIds::kReplace}, {"keep", RequestIds::kKeep}};
constexpr std::pair<std::string_view, OriginalUse> kOriginalUses[] = {
    {"endpoint", OriginalUse::kEndpoint},
    {"balance", OriginalUse::kBalance},
    {"routes", OriginalUse::kRoutes}};
constexpr std::pair<std::string_view, ListenerProtocol> kListenerProtocols[] = {
    {"auto", ListenerProtocol::kAuto},
    {"http1", ListenerProtocol::kHttp1},
    {"http2", ListenerProtocol::kHttp2},
    {"tcp", ListenerProtocol::kTcp}};

void readProxyProtocol(config::Table& table, ListenerOptions& out) {
  table.read("proxy_protocol", out.proxy_protocol, kProxyProtocols,
             "Handling of a PROXY protocol header, version 1 or 2, at the start of a connection. "
             "optional: use it if a peer in proxy_protocol_from sends one. required: close "
             "connections without a header from such a peer.");
  table.read("proxy_protocol_from", out.proxy_protocol_from,
             "Address ranges of the peers whose PROXY protocol headers are trusted.");
  table.read("proxy_protocol_timeout", out.proxy_protocol_timeout,
             "Time limit for receiving the PROXY protocol header.", {.min = 1ms, .max = 1h});
  if (out.proxy_protocol != ProxyProtocol::kOff && out.proxy_protocol_from.empty()) {
    table.fail("proxy_protocol", "needs proxy_protocol_from: the peers to trust");
  }
}

void readLimits(config::Table& table, ListenerOptions& out) {
  table.read("header_timeout", out.header_timeout,
             "Time limit for receiving a request head, from its first byte. 0 disables it.",
             {.min = 0ms, .max = 1h});
  table.read("idle_timeout", out.idle_timeout,
             "Maximum idle time of a connection: between two requests or, without HTTP, without "
             "traffic in either direction. The default without HTTP is 1h.",
             {.min = 0ms, .max = 24h});
  table.read("max_connection_age", out.max_connection_age,
             "Maximum age of a connection, shortened at random by up to a tenth. After that the "
             "connection drains: requests in flight complete, and the client receives Connection: "
             "close or GOAWAY, so that clients authenticate themselves again. 0: no limit.",
             {.min = 0ms, .max = 24h * 30});
  table.read("send_timeout", out.http2.send_timeout,
             "Time limit for a client to read any part of a pending response. 0 disables it.",
             {.min = 0ms, .max = 24h});
  table.read("max_header_size", out.max_header_size,
             "Maximum size of a request line and its headers.",
             {.min = config::Size{1024}, .max = config::Size{1024 * 1024}});
  table.read("max_headers", out.max_headers, "Maximum number of header fields in a request.",
             {.min = 1, .max = 10'000});
  table.read("max_target_size", out.max_target_size,
             "Maximum size of a request target, that is path and query; a longer one is rejected "
             "with 414. At most max_header_size.",
             {.min = config::Size{256}, .max = config::Size{1024 * 1024}});
  table.read("max_connections", out.max_connections,
             "Maximum number of open connections. Further connections are refused, over HTTP with "
             "503. 0: only the limit of the process applies.");
}

void readForwarding(config::Table& table, ListenerOptions& out) {
  table.renamed("trusted", "trusted_proxies");
  table.read("trusted_proxies", out.trusted_proxies,
             "Address ranges of trusted proxies, whose X-Forwarded-*, Forwarded, X-Real-IP and "
             "similar headers are used and kept.");
  table.read("forwarded", out.forwarded, kForwardedModes,
             "Handling of X-Forwarded-* and Forwarded. append: add the client; also remove "
             "X-Real-IP and similar headers unless the peer is in trusted_proxies, and always "
             "remove Proxy, X-Original-URL and X-Rewrite-URL. preserve: forward them unchanged.");
  table.read(
      "forwarded_client_cert", out.forwarded_client_cert, kClientCertModes,
      "Handling of X-Forwarded-Client-Cert. sanitize: remove it. forward: keep it from clients "
      "with a verified certificate. append: likewise, and add the client's certificate. set: "
      "replace it by the client's certificate. always_forward: keep it from every client.");
}

void readRequestRules(config::Table& table, ListenerOptions& out) {
  table.renamed("underscores", "underscores_in_headers");
  table.read("underscores_in_headers", out.underscores_in_headers, kUnderscores,
             "Handling of requests with an underscore in the name of a header or trailer field.");
  table.read("escaped_slashes", out.escaped_slashes, route::kEscapedSlashes,
             "Handling of paths with %2F, %5C or %00. reject: respond with 400. keep: forward "
             "them; in route matching they do not separate segments, so that a route for /a does "
             "not match /a%2Fb. Routes can override it.");
  table.read("request_id", out.request_id, kRequestIds,
             "Handling of an X-Request-Id sent by the client.");
  table.read("merge_slashes", out.merge_slashes,
             "Whether to merge consecutive slashes in a path into one.");
  table.renamed("connect", "allow_connect");
  table.read("allow_connect", out.allow_connect, "Whether to allow the CONNECT method.");
  table.read("trace", out.allow_trace,
             "Whether to forward the TRACE method, whose response contains the request's headers.");
  table.read("reason_header", out.reason_header,
             "Whether to add X-Weir-Reason to responses generated by weir.");
}

void readFilters(config::Table& table, ListenerOptions& out) {
  table.read(
      "redirect_to_https", out.redirect_to_https,
      "Whether to redirect requests over plain HTTP to HTTPS with status 308, before filters "
      "and routes.");
  table.read("request_headers", out.request_headers,
             "Changes to the headers of all requests, before filters and routes.");
  table.read("response_headers", out.response_headers,
             "Changes to the headers of all responses, also those generated by weir, after filters "
             "and the changes of the route.");
  table.read("filters", out.filters, table.kinds("filter"),
             "Filters for all requests, applied before those of the route, also to requests that "
             "no route matches. A route can leave out named ones by without_filters.");
}

// Settings that would be ignored.
void checkFilters(config::Table& table, const ListenerOptions& out) {
  if (out.protocol == ListenerProtocol::kTcp) {
    for (const std::string_view key :
         {"redirect_to_https", "request_headers", "response_headers", "filters"}) {
      if (table.has(key)) table.fail(key, "has no effect with protocol = \"tcp\"");
    }
  }
  const bool only_tls = out.tls_options && out.tls_options->plaintext == tls::Plaintext::kRefuse;
  if (out.redirect_to_https.enabled && only_tls && out.trusted_proxies.empty()) {
    table.fail("redirect_to_https", "has no effect: the listener accepts only TLS");
  }
  const auto is_hsts = [](const auto& header) {
    return http::equalsIgnoringCase(header.first, "strict-transport-security");
  };
  const route::HeaderRulesSettings& rules = out.response_headers;
  const bool hsts =
      std::ranges::any_of(rules.set, is_hsts) || std::ranges::any_of(rules.add, is_hsts);
  if (hsts && !out.tls_options && out.trusted_proxies.empty()) {
    table.warn("response_headers",
               "sets Strict-Transport-Security, which browsers ignore over plain HTTP");
  }
}

void checkTransparent(config::Table& table, const ListenerOptions& out) {
  if (!out.transparent.enabled) return;
  if (out.listen_on.isUnix()) table.fail("transparent", "needs an IP address to listen on");
  if (out.protocol != ListenerProtocol::kAuto && out.protocol != ListenerProtocol::kTcp) {
    table.fail("transparent", "needs protocol auto or tcp");
  }
  if (out.proxy_protocol != ProxyProtocol::kOff) {
    table.fail("transparent", "cannot be combined with proxy_protocol");
  }
}

}  // namespace

void HttpsRedirect::read(config::Table& table, HttpsRedirect& out) {
  table.read("enabled", out.enabled, "Whether to redirect. Default: true if the port is given.");
  table.read("port", out.port, "Port of HTTPS.", {.min = 1});
  if (table.has("port") && !table.has("enabled")) out.enabled = true;
}

void TransparentOptions::read(config::Table& table, TransparentOptions& out) {
  table.read("enabled", out.enabled,
             "Whether connections are redirected to this listener by the system, see `weir "
             "intercept`. Default: true if `original` is given.");
  table.read("original", out.original, kOriginalUses,
             "Use of the original destination if it belongs to an upstream, as an endpoint or as "
             "one of its addresses. endpoint: connect to that endpoint; a request goes to another "
             "one if it is not usable. balance: let the balancer choose. routes: no use; only "
             "routes and the upstream of the listener decide.");
  if (table.has("original") && !table.has("enabled")) out.enabled = true;
}

void ListenerOptions::read(config::Table& table, ListenerOptions& out) {
  table.read("name", out.name, "Name of the listener in metrics and logs.",
             {.min_size = 1, .required = true});
  table.read("address", out.listen_on, "Address to listen on. Port 0 picks a free port.",
             {.required = true});
  table.read(
      "socket_mode", out.socket_mode,
      "File mode of a Unix socket, in octal. Default: determined by the umask of the process. The "
      "file belongs to the user and group of the process, those of `user` if it is set.");
  if (out.socket_mode && !out.listen_on.isUnix()) {
    table.fail("socket_mode", "needs an address that is a Unix socket");
  }
  table.read("transparent", out.transparent,
             "Whether the listener serves connections that the system redirects to it, whose "
             "clients know nothing of it: HTTP, TLS and any other protocol are detected. A "
             "connection that was not redirected is refused.");
  readLimits(table, out);
  readForwarding(table, out);
  readProxyProtocol(table, out);
  readRequestRules(table, out);
  table.read("tls", out.tls_options, "TLS settings of the listener. Default: plaintext.");
  table.read("tls_rule", out.tls_rules,
             "Rules that select, by SNI and ALPN, how a TLS connection is handled; the first match "
             "applies. Without a match, TLS is terminated if the listener has tls; otherwise the "
             "connection is refused.");
  table.read("protocol", out.protocol, kListenerProtocols,
             "Protocol of the clients. auto: HTTP/2 if negotiated by ALPN or, in plaintext, with "
             "prior knowledge; otherwise HTTP/1. tcp: raw TCP, proxied to the upstream.");
  table.read(
      "upstream", out.upstream_name,
      "Upstream for raw TCP: all connections with protocol tcp, non-HTTP connections with auto.");
  table.read("http2", out.http2, "HTTP/2 settings.");
  readFilters(table, out);
  checkFilters(table, out);
  checkTransparent(table, out);
  table.locate(out.origin, "address");
}

}  // namespace weir::proxy
