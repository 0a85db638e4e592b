#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/event/log_limit.h"
#include "core/event/shared_count.h"
#include "core/http/h2/options.h"
#include "core/http/version_choice.h"
#include "core/net/proxy_protocol_writer.h"
#include "core/tls/client_terms.h"
#include "core/upstream/balancer.h"
#include "core/upstream/discovery.h"

namespace weir::upstream {

// How a cluster is to behave. Part of the plan.
struct ClusterOptions {
  Milliseconds connect_timeout{5'000};
  Milliseconds idle_timeout{60'000};     // of a connection that nobody uses
  Milliseconds max_connection_age{0};    // after which a connection takes no new request; 0: none
  std::uint32_t max_connections = 1024;  // of the whole process; 0: no limit
  std::uint32_t max_pending = 1024;      // exchanges that wait for a connection, per worker
  Milliseconds queue_timeout{3'000};     // for how long they wait
  http::VersionChoice protocol = http::VersionChoice::kAuto;
  http::h2::Options http2;  // its limits are those of responses in any version
  net::ProxyVersion proxy_protocol = net::ProxyVersion::kNone;  // of tunnels: ahead of everything

  friend bool operator==(const ClusterOptions&, const ClusterOptions&) = default;
};

// A cluster as the plan has it: shared by all workers, immutable.
struct ClusterPlan {
  NameId id = 0;
  std::string_view name;  // lives as long as the NameTable
  ClusterOptions options;
  BalancerFactory balancer = nullptr;
  std::string_view balancer_name;  // as long as `name`
  std::shared_ptr<const DiscoverySource> discovery;
  event::SharedCount* connections = nullptr;    // of all workers; outlives every plan
  event::LogLimit* failures = nullptr;          // of messages about it; likewise
  std::shared_ptr<const tls::ClientTerms> tls;  // null: in the clear
  // The same for tunnels, which agree on no protocol; there when a listener leads here.
  std::shared_ptr<const tls::ClientTerms> tunnel_tls;

  // Whether connections made for `other` are as this plan wants them: whom they trust, who we are
  // on them, and what is spoken.
  bool hasTermsOf(const ClusterPlan& other) const;
};

}  // namespace weir::upstream
