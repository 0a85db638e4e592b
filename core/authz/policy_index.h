#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/authz/policy.h"

namespace weir::authz {

// Finds the few policies that may match a request among many that differ by identity, subject,
// consumer, path or method: each policy is filed under its values of one of those, without
// wildcards, that it shares with the fewest others.
class PolicyIndex {
 public:
  // The policies outlive the index.
  explicit PolicyIndex(const std::vector<Policy>& policies);

  // Calls visit(Policy), for a policy perhaps more than once. For connections, the policies about
  // requests are candidates as well.
  template <typename Visit>
  void forCandidates(const Question& question, Visit visit) const {
    const auto visit_all = [&](const List* list) {
      if (list == nullptr) return;
      for (const std::uint32_t each : *list) visit(policies_[each]);
    };
    visit_all(&others_);
    visit_all(find(kIdentity, question.identity()));
    if (question.subject() != Subject::kRequest) return visit_all(&of_requests_);
    visit_all(find(kSubject, question.principal().subject));
    visit_all(find(kConsumer, question.principal().consumer));
    visit_all(find(kMethod, question.method()));
    if (tables_[kPath].empty()) return;
    std::string_view before;
    for (std::size_t slashes = 1; slashes <= kMaxDepth; ++slashes) {
      const std::string_view start = startOf(question.plainPath(), slashes);
      if (start == before) break;
      visit_all(find(kPath, start));
      before = start;
    }
  }

 private:
  enum Aspect : std::size_t { kIdentity, kSubject, kConsumer, kPath, kMethod, kAspects };
  using List = std::vector<std::uint32_t>;
  using Keys = std::vector<std::string_view>;                // views into policies
  using Table = std::unordered_map<std::string_view, List>;  // the keys are views into policies
  using Counts = std::array<std::unordered_map<std::string_view, std::size_t>, kAspects>;
  static constexpr std::size_t kMaxDepth = 8;  // segments of a path

  const List* find(Aspect aspect, std::string_view key) const {
    const Table& table = tables_[aspect];
    if (table.empty() || key.empty()) return nullptr;
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
  }
  // Empty if the policy applies to other values of the aspect as well.
  static Keys keysOf(const Policy& policy, Aspect aspect);
  static void countKeys(const Policy& policy, Counts& counts);
  void file(std::uint32_t number, const Counts& counts);

  const std::vector<Policy>& policies_;
  // kPath: by the start of a pattern before its first wildcard.
  std::array<Table, kAspects> tables_;
  List others_;
  List of_requests_;  // all that are filed under something that only a request has
};

}  // namespace weir::authz
