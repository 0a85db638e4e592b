#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/authz/policy_set.h"
#include "core/base/names.h"
#include "core/filter/chain.h"
#include "core/filter/worker_parts.h"
#include "core/http/field_set.h"
#include "core/http/limits.h"
#include "core/http/server_connection.h"
#include "core/http/version_choice.h"
#include "core/net/address.h"
#include "core/proxy/listener_options.h"
#include "core/route/header_rules.h"
#include "core/route/redirect.h"
#include "core/route/route_table.h"
#include "core/tls/server_config.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/virtual_addresses.h"

namespace weir::proxy {

// The handling of an address's connections: the options, and values derived from them. Immutable,
// part of a plan.
struct ListenerPlan : ListenerOptions {
  ListenerPlan() = default;
  // `options` are settled. The caller resolves the names and files to which they refer.
  explicit ListenerPlan(ListenerOptions options);

  NameId id = 0;
  net::Address address;  // as configured; port 0 chooses a free one
  int backlog = 4096;
  http::Limits limits;
  http::VersionChoice versions = http::VersionChoice::kAuto;
  std::vector<NameId> peer_names;  // the names that clients' certificates may have, for metrics
  std::shared_ptr<const tls::ServerConfig> tls;  // null: plaintext
  bool allow_plaintext = false;                  // in addition to TLS: the first byte decides
  Milliseconds hello_timeout{10'000};            // for a ClientHello that is inspected

  bool tcp = false;                  // every connection goes to the upstream, without HTTP
  NameId upstream = 0;               // for non-HTTP connections; 0: none
  Milliseconds tcp_idle_timeout{0};  // for non-HTTP connections; 0: none
  bool tells_server = false;         // an upstream receives the destination address

  authz::SharedPolicies authorize;  // of [[authorize]]; null: none

  // What happens to requests before a route is looked up.
  bool has_early_steps = false;                           // one of the following three
  std::shared_ptr<const route::Redirect> https_redirect;  // of requests over plain HTTP; or null
  route::HeaderRules request_rules;
  std::shared_ptr<const filter::Chain> early_filters;  // null: none
  // The filters after that. If some routes leave out a filter of the listener, it and those behind
  // it are part of each route's chain instead, and of the chain of requests without a route.
  std::shared_ptr<const filter::Chain> filters_without_route;       // null: none
  std::vector<std::shared_ptr<const filter::Chain>> route_filters;  // empty: Plan::chains
  route::HeaderRules response_rules;

  http::ServerTerms serverTerms() const {
    return {limits, versions, http2, header_timeout.value(), idle_timeout.value()};
  }
  // True if the first bytes are inspected before TLS begins.
  bool peeks() const { return !tls_rules.empty() || (tls != nullptr && allow_plaintext); }
  bool servesPlaintext() const { return tls == nullptr || allow_plaintext; }
  // True if both plans admit connections under the same terms: requirements on clients, weir's own
  // certificates, and the peers that are trusted to name a client's address.
  bool sharesTermsWith(const ListenerPlan& other) const;
};

// The role's defaults for settings that a route does not set.
struct Defaults {
  Milliseconds response_timeout{0};  // from the request's end to the response's head; 0: none
  Milliseconds idle_timeout{0};      // without progress on a stream
  Milliseconds per_try_timeout{0};
  route::RetryPolicy retry;

  static Defaults of(config::Role role);
};

// The immutable result of reading a configuration: all the data that workers need.
struct Plan {
  std::uint64_t generation = 0;
  std::string_view role;
  route::RouteTable routes;
  std::vector<std::shared_ptr<const filter::Chain>> chains;  // by Route::index; null: no filters
  filter::LastingFilters lasting_filters;  // of all chains, those of listeners included
  std::size_t longest_chain = 0;           // number of filters
  http::FieldSet filter_fields;  // set by filters of any chain: dropped from every request
  upstream::ClusterPlans clusters;
  upstream::VirtualAddresses virtual_addresses;  // of the clusters
  std::vector<std::shared_ptr<const ListenerPlan>> listeners;
  Defaults defaults;
  std::uint64_t max_connections = 0;  // of all listeners
  // Bytes held for bodies and heads above which load is shed; 0: never.
  std::uint64_t refuse_connections_at = 0;
  std::uint64_t reset_streams_at = 0;

  // Null if the plan does not contain the cluster.
  const upstream::SharedClusterPlan* cluster(NameId id) const { return clusters.find(id); }
};

}  // namespace weir::proxy
