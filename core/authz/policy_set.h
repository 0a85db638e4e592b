#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/authz/judge.h"
#include "core/authz/policy.h"

namespace weir::authz {

// The policies about the connections of a listener and their requests. Immutable, part of a plan;
// shared by all workers.
class PolicySet {
 public:
  explicit PolicySet(std::vector<Policy> policies) : policies_(std::move(policies)) {}
  PolicySet(const PolicySet&) = delete;
  PolicySet& operator=(const PolicySet&) = delete;

  const std::vector<Policy>& policies() const { return policies_; }
  const Judge& judge() const { return judge_; }

 private:
  const std::vector<Policy> policies_;
  const Judge judge_{policies_};
};

using SharedPolicies = std::shared_ptr<const PolicySet>;

}  // namespace weir::authz
