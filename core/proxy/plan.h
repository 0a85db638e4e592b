#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/filter/chain.h"
#include "core/http/limits.h"
#include "core/http/version_choice.h"
#include "core/net/address.h"
#include "core/proxy/listener_options.h"
#include "core/route/route_table.h"
#include "core/tls/server_config.h"
#include "core/upstream/cluster.h"

namespace weir::proxy {

// How the connections of an address are treated: the options, and what follows from them.
// Immutable, part of a plan.
struct ListenerPlan : ListenerOptions {
  ListenerPlan() = default;
  // `options` are settled. Names and files that they refer to are looked up by others.
  explicit ListenerPlan(ListenerOptions options);

  NameId id = 0;
  net::Address address;  // as configured; port 0 takes a free one
  int backlog = 4096;
  http::Limits limits;
  http::VersionChoice versions = http::VersionChoice::kAuto;
  std::vector<NameId> peer_names;  // the names that clients' certificates may have, for metrics
  std::shared_ptr<const tls::ServerConfig> tls;  // null: in the clear
  bool allow_plaintext = false;                  // beside TLS: the first byte decides
  Milliseconds hello_timeout{10'000};            // for a ClientHello, where it is looked at

  bool tcp = false;                  // no HTTP: every connection goes to the upstream
  NameId upstream = 0;               // of what is no HTTP; 0: none
  Milliseconds tcp_idle_timeout{0};  // nothing moves on a connection that is no HTTP; 0: none
  bool tells_server = false;         // an upstream is told whom the client connected to

  // Whether what comes first is looked at before anybody speaks TLS.
  bool peeks() const { return !tls_rules.empty() || (tls != nullptr && allow_plaintext); }
  bool servesPlaintext() const { return tls == nullptr || allow_plaintext; }
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

  static Defaults of(config::Role role);
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
  // Whether a listener carries connections to this upstream.
  bool carriesTo(NameId upstream) const;
};

}  // namespace weir::proxy
