#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ip_range.h"
#include "core/config/diagnostics.h"
#include "core/config/role.h"
#include "core/config/units.h"
#include "core/filter/filter_setting.h"
#include "core/http/h2/options.h"
#include "core/proxy/interception.h"
#include "core/proxy/tls_rule.h"
#include "core/route/header_rules_settings.h"
#include "core/route/path.h"
#include "core/route/placed_text.h"
#include "core/tls/server_options.h"

namespace weir::config {
class Table;
}

namespace weir::proxy {

// Handling of X-Forwarded-* fields.
enum class ForwardedMode : std::uint8_t {
  kAppend,    // edge: trusts only trusted_proxies, and adds the client
  kPreserve,  // sidecar: forwards the fields of the application or gateway unchanged
};

// Handling of X-Forwarded-Client-Cert, which lists the certificates presented on the way here, in
// Envoy's terms.
enum class ClientCertMode : std::uint8_t { kSanitize, kForward, kAppend, kSet, kAlwaysForward };

// Whether connections begin with a PROXY protocol header.
enum class ProxyProtocol : std::uint8_t { kOff, kOptional, kRequired };

enum class Underscores : std::uint8_t { kReject, kAllow };
enum class RequestIds : std::uint8_t { kReplace, kKeep };

// The protocol of a listener's clients.
enum class ListenerProtocol : std::uint8_t { kAuto, kHttp1, kHttp2, kTcp };

// The redirect of requests over plain HTTP to HTTPS.
struct HttpsRedirect {
  static constexpr std::string_view kShortKey = "enabled";

  bool enabled = false;
  std::uint16_t port = 443;

  static void read(config::Table& table, HttpsRedirect& out);
  friend bool operator==(const HttpsRedirect&, const HttpsRedirect&) = default;
};

// [[listener]]
struct ListenerOptions {
  std::string name;
  config::Address listen_on;
  std::optional<config::FileMode> socket_mode;
  TransparentOptions transparent;
  config::ByRole<Milliseconds> header_timeout{Milliseconds(10'000), Milliseconds(0)};
  config::ByRole<Milliseconds> idle_timeout{Milliseconds(75'000), Milliseconds(3'600'000)};
  config::ByRole<Milliseconds> max_connection_age{Milliseconds(0), Milliseconds(86'400'000)};
  config::ByRole<config::Size> max_header_size{config::Size{32 * 1024}, config::Size{60 * 1024}};
  config::ByRole<std::uint32_t> max_headers{100, 200};
  config::Size max_target_size{8 * 1024};
  std::uint64_t max_connections = 0;  // per process
  std::vector<IpRange> trusted_proxies;
  config::ByRole<ForwardedMode> forwarded{ForwardedMode::kAppend, ForwardedMode::kPreserve};
  ClientCertMode forwarded_client_cert = ClientCertMode::kSanitize;
  ProxyProtocol proxy_protocol = ProxyProtocol::kOff;
  std::vector<IpRange> proxy_protocol_from;
  Milliseconds proxy_protocol_timeout{5'000};
  config::ByRole<Underscores> underscores_in_headers{Underscores::kReject, Underscores::kAllow};
  config::ByRole<route::ReservedEscapes> escaped_slashes{route::ReservedEscapes::kReject,
                                                         route::ReservedEscapes::kKeep};
  config::ByRole<RequestIds> request_id{RequestIds::kReplace, RequestIds::kKeep};
  config::ByRole<bool> merge_slashes{true, false};
  bool allow_connect = false;
  config::ByRole<bool> allow_trace{false, true};
  bool reason_header = false;
  HttpsRedirect redirect_to_https;
  route::HeaderRulesSettings request_headers;
  route::HeaderRulesSettings response_headers;
  std::vector<filter::FilterSetting> filters;
  std::optional<tls::ServerOptions> tls_options;
  std::vector<TlsRule> tls_rules;
  ListenerProtocol protocol = ListenerProtocol::kAuto;
  std::optional<route::PlacedText> upstream_name;
  http::h2::ServerOptions http2;
  config::Origin origin;

  static void read(config::Table& table, ListenerOptions& out);
  friend bool operator==(const ListenerOptions&, const ListenerOptions&) = default;
};

}  // namespace weir::proxy
