#include "core/authz/judge.h"

#include <algorithm>

#include "core/authz/metrics.h"
#include "core/base/arena_writer.h"

namespace weir::authz {
namespace {

// The first matching policies of each kind, in the order of the configuration.
struct Matches {
  const Policy* deny = nullptr;
  const Policy* allow = nullptr;

  void add(const Policy& policy) {
    const Policy*& first = policy.action == Action::kDeny ? deny : allow;
    if (first == nullptr || &policy < first) first = &policy;
  }
};

Outcome decide(const Matches& matches, bool allows) {
  if (matches.deny != nullptr) return {Action::kDeny, matches.deny};
  if (matches.allow == nullptr && allows) return {Action::kDeny, nullptr};
  return {Action::kAllow, matches.allow};
}

void countOutcome(const Outcome& outcome, Mode mode, MetricCells& metrics) {
  const NameId policy = outcome.policy == nullptr ? 0 : outcome.policy->id;
  metrics.counter(decisionsKey(policy, outcome.action, mode)).add();
}

constexpr std::size_t kMaxNearMisses = 10;

std::string nameOf(const Policy& policy) {
  return std::string(policy.action == Action::kDeny ? "deny" : "allow") + " policy \"" +
         policy.name + "\"" + (policy.isEnforced() ? "" : " (shadow)");
}

// All settings of the policy match but one.
std::string nearMiss(const Policy& policy, std::string_view setting) {
  return nameOf(policy) + " would match but for " + std::string(setting);
}

void explainOutcome(const Outcome& outcome, filter::Finding& finding) {
  using Kind = filter::Finding::Outcome;
  finding.outcome = outcome.denied() ? Kind::kReplies : Kind::kProceeds;
  if (outcome.denied()) {
    finding.status = 403;
    finding.reason = Reason::kAuthzDenied;
  }
  if (outcome.policy != nullptr) {
    finding.why = nameOf(*outcome.policy) + " matches";
  } else {
    finding.why = outcome.denied() ? "no allow policy matches" : "no deny policy matches";
  }
}

}  // namespace

Judge::Judge(const std::vector<Policy>& policies) : index_(policies) {
  for (const Policy& policy : policies) {
    has_shadow_ |= !policy.isEnforced();
    if (policy.action == Action::kDeny) continue;
    allows_shadow_ = true;
    allows_ |= policy.isEnforced();
  }
}

Decision Judge::judge(const Question& question) const {
  Matches enforced;
  Matches all;
  index_.forCandidates(question, [&](const Policy& policy) {
    if (!policy.match(question)) return;
    all.add(policy);
    if (policy.isEnforced()) enforced.add(policy);
  });
  return {decide(enforced, allows_), decide(all, allows_shadow_)};
}

void Judge::count(const Decision& decision, MetricCells& metrics) const {
  countOutcome(decision.enforced, Mode::kEnforce, metrics);
  if (has_shadow_) countOutcome(decision.shadow, Mode::kShadow, metrics);
}

std::string_view Judge::shadowText(const Decision& decision, Arena& arena) const {
  const Outcome& shadow = decision.shadow;
  if (!has_shadow_ || shadow.action == decision.enforced.action) return {};
  const std::string_view action = shadow.denied() ? "deny" : "allow";
  if (shadow.policy == nullptr) return action;
  return joined(arena, {action, " ", shadow.policy->name});
}

std::string_view describe(const Outcome& decision, Subject subject, Arena& arena) {
  if (decision.policy == nullptr) {
    return subject == Subject::kRequest ? "no policy allows the request"
                                        : "no policy allows the connection";
  }
  return joined(arena, {"denied by the policy ", decision.policy->name});
}

filter::Finding explain(const std::vector<Policy>& policies, const Question& question) {
  filter::Finding finding;
  Matches matches;
  bool allows = false;
  for (const Policy& policy : policies) {
    allows |= policy.action == Action::kAllow && policy.isEnforced();
    const auto fields = policy.mismatches(question);
    if (fields.empty() && policy.isEnforced()) matches.add(policy);
    if (finding.near_misses.size() >= kMaxNearMisses) continue;
    if (fields.empty() && !policy.isEnforced()) {
      finding.near_misses.push_back(nameOf(policy) + " matches, and decides nothing");
    } else if (fields.size() == 1) {
      finding.near_misses.push_back(nearMiss(policy, fields.front()));
    }
  }
  explainOutcome(decide(matches, allows), finding);
  return finding;
}

}  // namespace weir::authz
