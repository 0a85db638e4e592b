#pragma once

#include <cstdint>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/finding.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"
#include "gateway/auth/rbac/policy.h"
#include "gateway/auth/rbac/policy_index.h"

namespace weir::gateway {

// Role-based access control: refuses a request that a deny policy matches, and, if there are allow
// policies, one that none of them matches.
class Rbac final : public filter::Filter {
 public:
  struct Config {
    std::vector<rbac::Policy> policies;
    bool policy_header = false;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  static bool readsPrincipal(const Config& config);
  // Gives each policy the number of its name.
  static void check(Config& config, filter::References& references, config::Diagnostics&);

  struct Local {
    Local(const Config& config, const filter::LocalTools& tools);

    const rbac::PolicyIndex index;
    MetricCells& metrics;
    bool allows = false;         // some policy allows,
    bool allows_shadow = false;  // also in shadow mode
    bool has_shadow = false;
  };
  Rbac(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  // The policy that decides, and those that all but one of their settings match.
  static filter::Finding explain(const Config& config, const http::Request& request,
                                 const http::ExchangeView& view);

 private:
  filter::Verdict refuse(const rbac::Policy* policy) const;

  const Config& config_;
  Local& local_;
  filter::Control& control_;
};

}  // namespace weir::gateway
