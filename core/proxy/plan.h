#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/filter/chain.h"
#include "core/http/h2/options.h"
#include "core/http/limits.h"
#include "core/http/version_choice.h"
#include "core/net/address.h"
#include "core/proxy/tls_rule.h"
#include "core/route/ip_range.h"
#include "core/route/path.h"
#include "core/route/route_table.h"
#include "core/tls/server_terms.h"
#include "core/upstream/cluster.h"

namespace weir::proxy {

// What is done about who a request says it comes from.
enum class ForwardedMode : std::uint8_t {
  kAppend,    // of an edge: believes trusted peers only, and says who the client is
  kPreserve,  // of a sidecar: what the application or gateway said goes on unchanged
};

// What becomes of X-Forwarded-Client-Cert, which says who showed which certificate on the way here.
struct ClientCertRule {
  bool keep_from_peers = false;  // that showed a certificate themselves
  bool keep_from_all = false;
  bool tell = false;  // the certificate of the client
};

// Whether connections begin with a PROXY protocol header.
enum class ProxyProtocol : std::uint8_t { kOff, kOptional, kRequired };

// A bound address and how its connections are treated. Immutable, part of a plan.
struct ListenerPlan {
  NameId id = 0;
  std::string_view name;                // lives as long as the NameTable
  net::Address address;                 // as configured; port 0 takes a free one
  std::optional<unsigned> socket_mode;  // of the file of a Unix socket
  int backlog = 4096;
  http::Limits limits;
  http::VersionChoice versions = http::VersionChoice::kAuto;
  http::h2::Options http2;
  Milliseconds header_timeout{0};  // from a request's first byte to the end of its head; 0: none
  Milliseconds idle_timeout{0};    // between requests; 0: none
  Milliseconds max_connection_age{0};  // from when on a connection drains; 0: none
  std::uint64_t max_connections = 0;   // of the process; 0: no limit
  ForwardedMode forwarded = ForwardedMode::kAppend;
  std::vector<route::IpRange> trusted;  // peers whose X-Forwarded-* are believed
  ClientCertRule client_cert;
  std::vector<NameId> peer_names;  // the names that clients' certificates may have, for metrics
  ProxyProtocol proxy_protocol = ProxyProtocol::kOff;
  std::vector<route::IpRange> proxy_protocol_from;  // peers whose PROXY headers are believed
  Milliseconds proxy_protocol_timeout{5'000};       // for the whole of one
  route::PathRules path_rules;
  bool reject_underscores = true;  // in header names
  bool allow_connect = false;
  bool allow_trace = false;
  bool keep_request_id = false;                 // the client's, if it sent one
  bool reason_header = false;                   // x-weir-reason on local replies
  std::shared_ptr<const tls::ServerTerms> tls;  // null: in the clear
  bool allow_clear = false;                     // beside TLS: the first byte decides
  std::vector<TlsRule> tls_rules;               // the first that matches; none: see tls
  Milliseconds hello_timeout{10'000};           // for a ClientHello, where it is looked at

  bool tcp = false;                  // no HTTP: every connection goes to the upstream
  NameId upstream = 0;               // of what is no HTTP; 0: none
  Milliseconds tcp_idle_timeout{0};  // nothing moves on a connection that is no HTTP; 0: none
  bool tells_server = false;         // an upstream is told whom the client connected to

  // Whether what comes first is looked at before anybody speaks TLS.
  bool peeks() const { return !tls_rules.empty() || (tls != nullptr && allow_clear); }
  bool servesClear() const { return tls == nullptr || allow_clear; }
  // Whether a connection that was let in by the other one would be let in the same way by this one:
  // what is asked of clients, who we are to them, and whose word on their address is believed.
  bool sharesTermsWith(const ListenerPlan& other) const;
};

// The role's answers to what a route leaves open.
struct Defaults {
  Milliseconds response_timeout{0};  // from the request's end to the response's head; 0: none
  Milliseconds idle_timeout{0};      // nothing moves on a stream
  Milliseconds per_try_timeout{0};
  route::RetryPolicy retry;
};

// The immutable result of reading a configuration: everything the workers need.
struct Plan {
  std::uint64_t generation = 0;
  std::string_view role;
  route::RouteTable routes;
  std::vector<filter::Chain> chains;                                   // by Route::index
  std::vector<std::shared_ptr<const upstream::ClusterPlan>> clusters;  // by id, ascending
  std::vector<std::shared_ptr<const ListenerPlan>> listeners;
  Defaults defaults;
  std::uint64_t max_connections = 0;  // of all listeners
  // Bytes held for bodies and heads, from which on load is shed; 0: never.
  std::uint64_t refuse_connections_at = 0;
  std::uint64_t reset_streams_at = 0;

  // Null when the plan has no such cluster.
  const std::shared_ptr<const upstream::ClusterPlan>* cluster(NameId id) const;
};

}  // namespace weir::proxy
