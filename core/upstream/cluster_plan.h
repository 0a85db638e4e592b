#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/names.h"
#include "core/event/log_limit.h"
#include "core/event/shared_count.h"
#include "core/tls/client_config.h"
#include "core/upstream/balancer.h"
#include "core/upstream/cluster_options.h"
#include "core/upstream/discovery.h"

namespace weir::upstream {

// A cluster of the plan: shared by all workers, immutable.
struct ClusterPlan {
  NameId id = 0;
  std::string_view name;  // lives as long as the NameTable
  ClusterOptions options;
  BalancerFactory balancer = nullptr;
  std::string_view balancer_name;  // as long as `name`
  std::shared_ptr<const DiscoverySource> discovery;
  event::SharedCount* connections = nullptr;     // of all workers; outlives every plan
  event::LogLimit* failures = nullptr;           // limits messages about the cluster; likewise
  std::shared_ptr<const tls::ClientConfig> tls;  // null: plaintext
  // The same for tunnels, without ALPN; set if a listener has this upstream.
  std::shared_ptr<const tls::ClientConfig> tunnel_tls;

  // Whether connections made for `other` satisfy this plan: the peers that they trust, weir's
  // identity on them, and the protocol.
  bool hasTermsOf(const ClusterPlan& other) const;
};

}  // namespace weir::upstream
