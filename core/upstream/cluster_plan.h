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

// A cluster as the plan has it: shared by all workers, immutable.
struct ClusterPlan {
  NameId id = 0;
  std::string_view name;  // lives as long as the NameTable
  ClusterOptions options;
  BalancerFactory balancer = nullptr;
  std::string_view balancer_name;  // as long as `name`
  std::shared_ptr<const DiscoverySource> discovery;
  event::SharedCount* connections = nullptr;     // of all workers; outlives every plan
  event::LogLimit* failures = nullptr;           // of messages about it; likewise
  std::shared_ptr<const tls::ClientConfig> tls;  // null: in the clear
  // The same for tunnels, which agree on no protocol; there when a listener leads here.
  std::shared_ptr<const tls::ClientConfig> tunnel_tls;

  // Whether connections made for `other` are as this plan wants them: whom they trust, who we are
  // on them, and what is spoken.
  bool hasTermsOf(const ClusterPlan& other) const;
};

}  // namespace weir::upstream
