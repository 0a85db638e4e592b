#pragma once

#include <memory>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/config/role.h"
#include "core/filter/kept.h"
#include "core/server/counts.h"
#include "core/server/registry.h"
#include "core/server/settings.h"
#include "core/server/url_upstreams.h"
#include "core/tls/certificate_store.h"

namespace weir::filter {
class ChainBuilder;
}
namespace weir::proxy {
struct ListenerPlan;
struct Plan;
}  // namespace weir::proxy
namespace weir::tls {
class TermsLoader;
struct WorkloadIdentity;
}  // namespace weir::tls
namespace weir::upstream {
struct ClusterPlan;
}

namespace weir::server {

// Makes plans from settings: resolves the names and loads the files to which options refer.
//
// Thread: the control thread.
class PlanBuilder {
 public:
  // All three outlive the builder and its plans.
  PlanBuilder(const Registry& registry, NameTable& names, Counts& counts);
  ~PlanBuilder();

  // Null, with every error recorded, if the settings are not valid. Unchanged parts are shared with
  // `previous`.
  std::shared_ptr<const proxy::Plan> build(const Settings& settings, const proxy::Plan* previous,
                                           config::Diagnostics& diagnostics);

  // The SPIFFE identity of this node, for plans made from now on; null: it has none.
  void setWorkload(std::shared_ptr<const tls::WorkloadIdentity> workload);

  // The certificate refreshes of all plans made since the last call.
  tls::Refreshes takeRefreshes();

 private:
  void addListeners(const Settings& settings, const proxy::Plan* previous,
                    filter::ChainBuilder& builder, proxy::Plan& plan,
                    config::Diagnostics& diagnostics);
  std::unique_ptr<proxy::ListenerPlan> listener(const proxy::ListenerOptions& options,
                                                const Settings& all,
                                                config::Diagnostics& diagnostics);
  void addClusters(const NamedOptions& upstreams, const Settings& all, const proxy::Plan* previous,
                   proxy::Plan& plan, config::Diagnostics& diagnostics);
  void addUrlClusters(const Settings& settings, const filter::References& references,
                      const proxy::Plan* previous, proxy::Plan& plan,
                      config::Diagnostics& diagnostics);
  std::shared_ptr<const upstream::ClusterPlan> cluster(const std::string& name,
                                                       const upstream::ClusterOptions& options,
                                                       const Settings& all,
                                                       config::Diagnostics& diagnostics);
  void addRoutes(const Settings& settings, const filter::References& references, proxy::Plan& plan,
                 config::Diagnostics& diagnostics);
  const Registry& registry_;
  NameTable& names_;
  Counts& counts_;
  const std::unique_ptr<tls::TermsLoader> tls_;
  filter::Kept filters_;
  std::uint64_t generation_ = 0;
};

}  // namespace weir::server
