#include "gateway/auth/rbac/policy_index.h"

#include <algorithm>

namespace weir::gateway::rbac {
namespace {

// "*" stands for any value.
bool areExact(const std::vector<std::string>& values) {
  return !values.empty() && std::ranges::find(values, "*") == values.end();
}

bool areExact(const std::vector<SegmentPattern>& patterns) {
  return !patterns.empty() && std::ranges::all_of(patterns, &SegmentPattern::isExact);
}

}  // namespace

PolicyIndex::PolicyIndex(const std::vector<Policy>& policies) : policies_(policies) {
  for (std::uint32_t number = 0; number < policies_.size(); ++number) file(number);
}

void PolicyIndex::file(std::uint32_t number) {
  const Policy& policy = policies_[number];
  const auto under = [number](Table& table, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) table[key].push_back(number);
  };
  if (areExact(policy.from.identities)) {
    for (const SegmentPattern& each : policy.from.identities) {
      by_identity_[each.text()].push_back(number);
    }
  } else if (areExact(policy.from.subjects)) {
    under(by_subject_, policy.from.subjects);
  } else if (areExact(policy.from.consumers)) {
    under(by_consumer_, policy.from.consumers);
  } else if (!fileByPath(number)) {
    if (areExact(policy.to.methods)) {
      under(by_method_, policy.to.methods);
    } else {
      others_.push_back(number);
    }
  }
}

bool PolicyIndex::fileByPath(std::uint32_t number) {
  const std::vector<SegmentPattern>& paths = policies_[number].to.paths;
  const auto has_start = [](const SegmentPattern& each) {
    return each.fixedStart(kMaxDepth).size() > 1;
  };
  if (paths.empty() || !std::ranges::all_of(paths, has_start)) return false;
  for (const SegmentPattern& each : paths) {
    by_path_[each.fixedStart(kMaxDepth)].push_back(number);
  }
  return true;
}

}  // namespace weir::gateway::rbac
