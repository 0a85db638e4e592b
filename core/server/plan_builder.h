#pragma once

#include <memory>

#include "core/base/names.h"
#include "core/config/mistakes.h"
#include "core/proxy/plan.h"
#include "core/server/counts.h"
#include "core/server/registry.h"
#include "core/server/settings.h"
#include "core/server/tls_builder.h"

namespace weir::server {

// Makes plans of settings.
//
// Thread: the control thread.
class PlanBuilder {
 public:
  // All three outlive the builder and its plans.
  PlanBuilder(const Registry& registry, NameTable& names, Counts& counts)
      : registry_(registry), names_(names), counts_(counts) {}

  // Null, with every mistake recorded, when the settings do not make a plan. What is the same as in
  // `previous` is shared with it.
  std::shared_ptr<const proxy::Plan> build(const Settings& settings, const proxy::Plan* previous,
                                           config::Mistakes& mistakes);

  // Of the certificates of all plans that were made since.
  Refreshes takeRefreshes() { return tls_.certificates().takeRefreshes(); }

 private:
  void addListeners(const Settings& settings, proxy::Plan& plan, config::Mistakes& mistakes);
  std::shared_ptr<const proxy::ListenerPlan> listener(const ListenerSettings& settings,
                                                      const Settings& all,
                                                      config::Mistakes& mistakes);
  void addClusters(const Settings& settings, const proxy::Plan* previous, proxy::Plan& plan,
                   config::Mistakes& mistakes);
  // `plan` has its listeners.
  std::shared_ptr<const upstream::ClusterPlan> cluster(const std::string& name,
                                                       const UpstreamSettings& settings,
                                                       const proxy::Plan& plan,
                                                       config::Mistakes& mistakes);
  void addRoutes(const Settings& settings, proxy::Plan& plan, config::Mistakes& mistakes);

  const Registry& registry_;
  NameTable& names_;
  Counts& counts_;
  TlsBuilder tls_;
  std::uint64_t generation_ = 0;
};

// The role's answers to what settings leave open (the defaults of the field for an edge and for a
// sidecar).
proxy::Defaults defaultsFor(Role role);

}  // namespace weir::server
