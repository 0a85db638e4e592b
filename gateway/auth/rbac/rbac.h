#pragma once

#include <vector>

#include "core/authz/judge.h"
#include "core/authz/policy.h"
#include "core/base/metric_cells.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/finding.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"

namespace weir::gateway {

// Role-based access control: refuses a request that a deny policy matches, and, if there are allow
// policies, one that none of them matches.
class Rbac final : public filter::Filter {
 public:
  struct Config {
    std::vector<authz::Policy> policies;
    bool policy_header = false;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  static bool readsPrincipal(const Config& config);
  // Gives each policy the number of its name.
  static void check(Config& config, filter::References& references, config::Diagnostics&);

  struct Local {
    Local(const Config& config, const filter::LocalTools& tools)
        : judge(config.policies), metrics(tools.metrics) {}

    const authz::Judge judge;
    MetricCells& metrics;
  };
  Rbac(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  // The policy that decides, and those that all but one of their settings match.
  static filter::Finding explain(const Config& config, const http::Request& request,
                                 const http::ExchangeView& view);

 private:
  const Config& config_;
  Local& local_;
  filter::Control& control_;
};

}  // namespace weir::gateway
