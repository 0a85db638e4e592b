#include "gateway/auth/rbac/rbac.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/base/arena_writer.h"
#include "core/filter/registry.h"
#include "gateway/auth/rbac/metrics.h"

namespace weir::gateway {
namespace {

using rbac::Action;
using rbac::Mode;
using rbac::Policy;

constexpr std::size_t kMaxPolicies = 10'000;

// The first matching policies of each kind, in the order of the configuration.
struct Matches {
  const Policy* deny = nullptr;
  const Policy* allow = nullptr;

  void add(const Policy& policy) {
    const Policy*& first = policy.action == Action::kDeny ? deny : allow;
    if (first == nullptr || &policy < first) first = &policy;
  }
};

struct Outcome {
  Action action = Action::kAllow;
  const Policy* policy = nullptr;  // null: none matched
};

Outcome decide(const Matches& matches, bool allows) {
  if (matches.deny != nullptr) return {Action::kDeny, matches.deny};
  if (matches.allow == nullptr && allows) return {Action::kDeny, nullptr};
  return {Action::kAllow, matches.allow};
}

void count(MetricCells& metrics, const Outcome& decision, Mode mode) {
  const NameId policy = decision.policy == nullptr ? 0 : decision.policy->id;
  metrics.counter(rbac::decisionsKey(policy, decision.action, mode)).add();
}

std::string_view describe(const Policy* policy, Arena& arena) {
  if (policy == nullptr) return "no policy allows the request";
  return joined(arena, {"denied by the policy ", policy->name});
}

// For the log: "deny NAME".
std::string_view describeShadow(const Outcome& decision, Arena& arena) {
  const std::string_view action = decision.action == Action::kDeny ? "deny" : "allow";
  if (decision.policy == nullptr) return action;
  return joined(arena, {action, " ", decision.policy->name});
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

}  // namespace

void Rbac::Config::read(config::Table& table, Config& out) {
  table.read("policies", out.policies,
             "Policies. A request that a deny policy matches is refused; if there are allow "
             "policies, one of them must match.",
             {.min_size = 1, .max_size = kMaxPolicies, .required = true});
  table.read("policy_header", out.policy_header,
             "Whether the response to a refused request has `X-Weir-Policy`, with the name of the "
             "policy that denies it.");
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < out.policies.size(); ++i) {
    if (!names.insert(out.policies[i].name).second) {
      table.failElement("policies", i, "another policy has the same name");
    }
  }
}

bool Rbac::readsPrincipal(const Config& config) {
  return std::ranges::any_of(config.policies, [](const Policy& policy) {
    return policy.from.readsPrincipal() || filter::namesPrincipal(policy.when.text());
  });
}

void Rbac::check(Config& config, filter::References& references, config::Diagnostics&) {
  for (Policy& policy : config.policies) policy.id = references.name(policy.name);
}

Rbac::Local::Local(const Config& config, const filter::LocalTools& tools)
    : index(config.policies), metrics(tools.metrics) {
  for (const Policy& policy : config.policies) {
    has_shadow |= !policy.isEnforced();
    if (policy.action == Action::kDeny) continue;
    allows_shadow = true;
    allows |= policy.isEnforced();
  }
}

namespace {

void explainDecision(const Outcome& decision, filter::Finding& finding) {
  using Kind = filter::Finding::Outcome;
  const bool denied = decision.action == Action::kDeny;
  finding.outcome = denied ? Kind::kReplies : Kind::kProceeds;
  if (denied) {
    finding.status = 403;
    finding.reason = Reason::kAuthzDenied;
  }
  if (decision.policy != nullptr) {
    finding.why = nameOf(*decision.policy) + " matches";
  } else {
    finding.why = denied ? "no allow policy matches" : "no deny policy matches";
  }
}

}  // namespace

filter::Finding Rbac::explain(const Config& config, const http::Request& request,
                              const http::ExchangeView& view) {
  const rbac::Question question(request, view.record, view.facts);
  filter::Finding finding;
  Matches matches;
  bool allows = false;
  for (const Policy& policy : config.policies) {
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
  explainDecision(decide(matches, allows), finding);
  return finding;
}

filter::Verdict Rbac::onRequest(http::Request& request) {
  const rbac::Question question(request, control_.record(), control_.facts());
  Matches enforced;
  Matches all;
  local_.index.forCandidates(question, [&](const Policy& policy) {
    if (!policy.match(question)) return;
    all.add(policy);
    if (policy.isEnforced()) enforced.add(policy);
  });
  const Outcome decision = decide(enforced, local_.allows);
  count(local_.metrics, decision, Mode::kEnforce);
  if (local_.has_shadow) {
    const Outcome shadow = decide(all, local_.allows_shadow);
    count(local_.metrics, shadow, Mode::kShadow);
    if (shadow.action != decision.action) {
      control_.noteShadow(describeShadow(shadow, control_.arena()));
    }
  }
  if (decision.action == Action::kAllow) return filter::Verdict::proceed();
  return refuse(decision.policy);
}

filter::Verdict Rbac::refuse(const Policy* policy) const {
  filter::LocalReply reply;
  reply.status = 403;
  reply.reason = Reason::kAuthzDenied;
  reply.detail = describe(policy, control_.arena());
  if (config_.policy_header && policy != nullptr) {
    reply.headers.emplace(control_.arena()).add("x-weir-policy", policy->name);
  }
  return filter::Verdict::reply(reply);
}

}  // namespace weir::gateway
