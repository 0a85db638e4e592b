#include "gateway/auth/rbac/rbac.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/authz/filter.h"
#include "core/filter/registry.h"

namespace weir::gateway {
namespace {

using authz::Policy;

constexpr std::size_t kMaxPolicies = 10'000;

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

filter::Finding Rbac::explain(const Config& config, const http::Request& request,
                              const http::ExchangeView& view) {
  return authz::explain(config.policies, authz::Question(request, view.record, view.facts));
}

filter::Verdict Rbac::onRequest(http::Request& request) {
  return authz::admit(local_.judge, request, local_.metrics, control_, config_.policy_header);
}

}  // namespace weir::gateway
