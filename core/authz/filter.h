#pragma once

#include <memory>

#include "core/authz/judge.h"
#include "core/authz/policy_set.h"
#include "core/filter/filter.h"
#include "core/filter/maker.h"

namespace weir::authz {

// Judges a request and counts the decision. `policy_header`: whether the response to a refused
// request names the policy.
filter::Verdict admit(const Judge& judge, const http::Request& request, MetricCells& metrics,
                      const filter::Control& control, bool policy_header = false);

// The filter of a listener to which policies apply.
class PolicyFilter final : public filter::Filter {
 public:
  PolicyFilter(const PolicySet& policies, filter::Control& control)
      : policies_(policies), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;

 private:
  const PolicySet& policies_;
  filter::Control& control_;
};

class PolicyFilterMaker final : public filter::Maker {
 public:
  explicit PolicyFilterMaker(SharedPolicies policies)
      : filter::Maker(0, {}, false), policies_(std::move(policies)) {}

  filter::Filter* make(Arena& arena, filter::Control& control) const override;
  void destroy(filter::Filter*) const override {}  // it owns nothing
  filter::Finding explain(const http::Request& request,
                          const http::ExchangeView& view) const override;

 private:
  const SharedPolicies policies_;
};

}  // namespace weir::authz
