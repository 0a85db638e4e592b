#include "core/authz/policy_index.h"

#include <algorithm>
#include <limits>

namespace weir::authz {
namespace {

// "*" stands for any value.
std::vector<std::string_view> exactTexts(const std::vector<std::string>& values) {
  if (std::ranges::find(values, "*") != values.end()) return {};
  return {values.begin(), values.end()};
}

std::vector<std::string_view> exactPatterns(const std::vector<SegmentPattern>& patterns) {
  std::vector<std::string_view> texts;
  for (const SegmentPattern& each : patterns) {
    if (!each.isExact()) return {};
    texts.push_back(each.text());
  }
  return texts;
}

std::vector<std::string_view> fixedStarts(const std::vector<SegmentPattern>& paths,
                                          std::size_t depth) {
  std::vector<std::string_view> starts;
  for (const SegmentPattern& each : paths) {
    if (each.fixedStart(depth).size() <= 1) return {};
    starts.push_back(each.fixedStart(depth));
  }
  return starts;
}

}  // namespace

PolicyIndex::PolicyIndex(const std::vector<Policy>& policies) : policies_(policies) {
  Counts counts;
  for (const Policy& policy : policies_) countKeys(policy, counts);
  for (std::uint32_t number = 0; number < policies_.size(); ++number) file(number, counts);
}

void PolicyIndex::countKeys(const Policy& policy, Counts& counts) {
  for (std::size_t aspect = 0; aspect < kAspects; ++aspect) {
    for (const std::string_view key : keysOf(policy, static_cast<Aspect>(aspect))) {
      ++counts[aspect][key];
    }
  }
}

PolicyIndex::Keys PolicyIndex::keysOf(const Policy& policy, Aspect aspect) {
  switch (aspect) {
    case kIdentity:
      return exactPatterns(policy.from.identities);
    case kSubject:
      return exactTexts(policy.from.subjects);
    case kConsumer:
      return exactTexts(policy.from.consumers);
    case kPath:
      return fixedStarts(policy.to.paths, kMaxDepth);
    default:
      return exactTexts(policy.to.methods);
  }
}

void PolicyIndex::file(std::uint32_t number, const Counts& counts) {
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  std::size_t best = kAspects;
  Keys keys;
  for (std::size_t aspect = 0; aspect < kAspects; ++aspect) {
    Keys here = keysOf(policies_[number], static_cast<Aspect>(aspect));
    std::size_t most = 0;
    for (const std::string_view key : here) most = std::max(most, counts[aspect].at(key));
    if (here.empty() || most >= fewest) continue;
    fewest = most;
    best = aspect;
    keys = std::move(here);
  }
  if (best == kAspects) return others_.push_back(number);
  if (best != kIdentity) of_requests_.push_back(number);
  for (const std::string_view key : keys) tables_[best][key].push_back(number);
}

}  // namespace weir::authz
