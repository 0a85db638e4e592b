#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/choice.h"
#include "core/config/table.h"
#include "core/proxy/plan.h"
#include "core/route/settings.h"
#include "core/server/http2_settings.h"
#include "core/server/tls_rule_settings.h"
#include "core/server/tls_settings.h"

// The configuration as it is written: what core reads of it.
namespace weir::server {

enum class Role : std::uint8_t { kGateway, kSidecar };

enum class Underscores : std::uint8_t { kReject, kPass };
// Of X-Forwarded-Client-Cert, in Envoy's terms.
enum class ClientCertMode : std::uint8_t { kSanitize, kForward, kAppend, kSet, kAlwaysForward };
enum class RequestIds : std::uint8_t { kReplace, kKeep };

// What clients speak to a listener.
enum class ListenerProtocol : std::uint8_t { kAuto, kHttp1, kHttp2, kTcp };

// [[listener]]. What is not given has the role's default.
struct ListenerSettings {
  std::string name;
  config::Address address;
  std::optional<config::FileMode> socket_mode{};
  std::optional<Milliseconds> header_timeout;
  std::optional<Milliseconds> idle_timeout;
  Milliseconds max_connection_age{0};
  Milliseconds send_timeout = http::h2::Options().send_timeout;
  std::optional<config::Size> max_header_size;
  std::optional<std::uint32_t> max_headers;
  config::Size max_target_size{8 * 1024};
  std::uint64_t max_connections = 0;
  std::vector<route::IpRange> trusted;
  std::optional<proxy::ForwardedMode> forwarded;
  ClientCertMode forwarded_client_cert = ClientCertMode::kSanitize;
  proxy::ProxyProtocol proxy_protocol = proxy::ProxyProtocol::kOff;
  std::vector<route::IpRange> proxy_protocol_from;
  Milliseconds proxy_protocol_timeout{5'000};
  std::optional<Underscores> underscores;
  std::optional<route::ReservedEscapes> escaped_slashes;
  std::optional<RequestIds> request_id;
  std::optional<bool> merge_slashes;
  bool connect = false;
  std::optional<bool> trace;
  bool reason_header = false;
  std::optional<ListenerTlsSettings> tls;
  std::vector<TlsRuleSettings> tls_rules;
  ListenerProtocol protocol = ListenerProtocol::kAuto;
  std::optional<route::PlacedText> upstream;
  ListenerHttp2Settings http2;
  config::Place place;
  std::string path;   // "listener[0]"
  bool clean = true;  // no mistake was found when it was read

  static void read(config::Table& table, ListenerSettings& out);
};

// [upstream.NAME]
struct UpstreamSettings {
  config::Chosen discovery;
  std::string balancer = "least_request";
  Milliseconds connect_timeout{5'000};
  Milliseconds idle_timeout{60'000};
  Milliseconds max_connection_age{0};
  std::uint32_t max_connections = 1024;
  config::Size max_header_size{64 * 1024};
  std::uint32_t max_headers = 200;
  std::uint32_t max_pending = 1024;
  Milliseconds queue_timeout{3'000};
  std::optional<UpstreamTlsSettings> tls;
  std::optional<std::string> identity;
  http::VersionChoice protocol = http::VersionChoice::kAuto;
  UpstreamHttp2Settings http2;
  net::ProxyVersion proxy_protocol = net::ProxyVersion::kNone;
  config::Place place;
  config::Place discovery_place;
  bool clean = true;  // no mistake was found when it was read

  static void read(config::Table& table, UpstreamSettings& out);
};

// [overload]
struct OverloadSettings {
  std::optional<config::Size> max_buffered;
  double refuse_connections = 0.85;
  double reset_streams = 0.95;

  static void read(config::Table& table, OverloadSettings& out);
  // In bytes; `fraction` of the limit.
  std::uint64_t threshold(double fraction) const;
};

struct Settings {
  Role role = Role::kGateway;
  std::optional<std::uint32_t> workers;  // none: one for each processor
  std::uint64_t max_connections = 0;     // 0: what the file descriptors allow
  Milliseconds drain_timeout{60'000};
  OverloadSettings overload;
  std::vector<ListenerSettings> listeners;
  std::vector<route::RouteSettings> routes;
  std::vector<std::pair<std::string, UpstreamSettings>> upstreams;

  static void read(config::Table& table, Settings& out);
};

}  // namespace weir::server
