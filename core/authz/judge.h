#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/authz/policy.h"
#include "core/authz/policy_index.h"
#include "core/base/arena.h"
#include "core/base/metric_cells.h"
#include "core/filter/finding.h"

namespace weir::authz {

struct Outcome {
  Action action = Action::kAllow;
  const Policy* policy = nullptr;  // the one that decides; null: none matched

  bool denied() const { return action == Action::kDeny; }
};

// What the policies decide about a question.
struct Decision {
  Outcome enforced;
  Outcome shadow;  // if all policies were enforced

  bool denied() const { return enforced.denied(); }
};

// Decides by policies: a deny policy that matches denies; if there are allow policies, one of them
// must match. Immutable.
class Judge {
 public:
  explicit Judge(const std::vector<Policy>& policies);  // outlive this object

  Decision judge(const Question& question) const;
  // Counts the decision.
  void count(const Decision& decision, MetricCells& metrics) const;
  // What policies in shadow mode would decide instead, for the log: "deny NAME". Empty if they
  // would decide the same.
  std::string_view shadowText(const Decision& decision, Arena& arena) const;
  bool hasShadow() const { return has_shadow_; }

 private:
  const PolicyIndex index_;
  bool allows_ = false;         // some policy allows,
  bool allows_shadow_ = false;  // also in shadow mode
  bool has_shadow_ = false;
};

// For the client and the log.
std::string_view describe(const Outcome& decision, Subject subject, Arena& arena);

// The policy that decides, and those that all but one of their settings match.
filter::Finding explain(const std::vector<Policy>& policies, const Question& question);

}  // namespace weir::authz
