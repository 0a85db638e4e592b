#include "core/proxy/listener_options.h"

#include "core/config/table.h"
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
    {"reject", Underscores::kReject}, {"pass", Underscores::kPass}};
constexpr std::pair<std::string_view, RequestIds> kRequestIds[] = {
    {"replace", RequestIds::kReplace}, {"keep", RequestIds::kKeep}};
constexpr std::pair<std::string_view, ListenerProtocol> kListenerProtocols[] = {
    {"auto", ListenerProtocol::kAuto},
    {"http1", ListenerProtocol::kHttp1},
    {"http2", ListenerProtocol::kHttp2},
    {"tcp", ListenerProtocol::kTcp}};

void readProxyProtocol(config::Table& table, ListenerOptions& out) {
  table.read("proxy_protocol", out.proxy_protocol, kProxyProtocols,
             "Whether connections begin with a PROXY protocol header, version 1 or 2, that names "
             "the client. Required: without one, or from others than proxy_protocol_from, they are "
             "closed.");
  table.read("proxy_protocol_from", out.proxy_protocol_from,
             "Peers whose PROXY protocol headers are believed.");
  table.read("proxy_protocol_timeout", out.proxy_protocol_timeout,
             "For the whole PROXY protocol header.", {.min = 1ms, .max = 1h});
  if (out.proxy_protocol != ProxyProtocol::kOff && out.proxy_protocol_from.empty()) {
    table.fail("proxy_protocol", "needs proxy_protocol_from: the peers to believe");
  }
}

void readLimits(config::Table& table, ListenerOptions& out) {
  table.read("header_timeout", out.header_timeout,
             "For the head of a request, from its first byte. 0: none.", {.min = 0ms, .max = 1h});
  table.read("idle_timeout", out.idle_timeout,
             "Between two requests of a connection; of one that is no HTTP, for as long as nothing "
             "moves on it. The default without HTTP is 1h.",
             {.min = 0ms, .max = 24h});
  table.read(
      "max_connection_age", out.max_connection_age,
      "Age at which a connection drains, up to a tenth earlier: requests in progress finish, "
      "and the client is told to open another. 0: no limit.",
      {.min = 0ms, .max = 24h * 30});
  table.read("send_timeout", out.http2.send_timeout,
             "Time limit for a client that has answers to read and reads nothing. 0: none.",
             {.min = 0ms, .max = 24h});
  table.read("max_header_size", out.max_header_size, "Request line and headers together.",
             {.min = config::Size{1024}, .max = config::Size{1024 * 1024}});
  table.read("max_headers", out.max_headers, "Header fields of a request.",
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

void readForwarding(config::Table& table, ListenerOptions& out) {
  table.read("trusted", out.trusted,
             "Peers whose X-Forwarded-*, Forwarded, X-Real-IP and similar headers are believed and "
             "kept.");
  table.read("forwarded", out.forwarded, kForwardedModes,
             "What becomes of X-Forwarded-* and Forwarded. append is for an edge: it also removes "
             "X-Real-IP and similar headers of peers that are not trusted, and Proxy, "
             "X-Original-URL and X-Rewrite-URL.");
  table.read("forwarded_client_cert", out.forwarded_client_cert, kClientCertModes,
             "What becomes of X-Forwarded-Client-Cert: dropped; kept from clients that show a "
             "certificate; kept, with their own added; replaced by their own; or kept from all.");
}

void readRequestRules(config::Table& table, ListenerOptions& out) {
  table.read("underscores", out.underscores, kUnderscores,
             "Requests with an underscore in the name of a header or trailer.");
  table.read("escaped_slashes", out.escaped_slashes, route::kEscapedSlashes,
             "Paths with %2F, %5C or %00. keep: for routes they separate nothing, so that a rule "
             "for /a does not hold for /a%2Fb. A route may say otherwise.");
  table.read("request_id", out.request_id, kRequestIds, "An X-Request-Id that the client sent.");
  table.read("merge_slashes", out.merge_slashes, "Whether // in a path means /.");
  table.read("connect", out.allow_connect, "Whether the CONNECT method is allowed.");
  table.read("trace", out.allow_trace,
             "Whether the TRACE method is forwarded, whose answer shows the request's headers.");
  table.read("reason_header", out.reason_header,
             "Whether answers of weir itself carry X-Weir-Reason.");
}

}  // namespace

void ListenerOptions::read(config::Table& table, ListenerOptions& out) {
  table.read("name", out.name, "Its name in metrics and logs.", {.min_size = 1, .required = true});
  table.read("address", out.listen_on, "Where to listen; port 0 takes a free one.",
             {.required = true});
  table.read("socket_mode", out.socket_mode,
             "File mode of a Unix socket, in octal. Default: as the umask of the process has it.");
  if (out.socket_mode && !out.listen_on.isUnix()) {
    table.fail("socket_mode", "needs an address that is a Unix socket");
  }
  readLimits(table, out);
  readForwarding(table, out);
  readProxyProtocol(table, out);
  readRequestRules(table, out);
  table.read("tls", out.tls_options, "Secures the connections. Default: in the clear.");
  table.read("tls_rule", out.tls_rules,
             "What becomes of TLS connections, by what they ask for: the first rule that matches. "
             "None: decrypted where the listener has tls, else refused.");
  table.read("protocol", out.protocol, kListenerProtocols,
             "What clients may speak. auto: HTTP/2 as agreed on under TLS or right away in the "
             "clear, else HTTP/1. tcp: anything; connections are carried to the upstream.");
  table.read("upstream", out.upstream_name,
             "Where connections go with protocol tcp; with auto, those that turn out not to be "
             "HTTP.");
  table.read("http2", out.http2, "Many requests at a time on one connection.");
  table.locate(out.origin, "address");
}

}  // namespace weir::proxy
