#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/auth/rbac/policy.h"

namespace weir::gateway::rbac {

// Finds the few policies that may match a request among many that differ by identity, subject,
// consumer, path or method: each policy is filed under the values of the first of those that it
// names without wildcards.
class PolicyIndex {
 public:
  // The policies outlive the index.
  explicit PolicyIndex(const std::vector<Policy>& policies);

  // Calls visit(Policy), for a policy perhaps more than once.
  template <typename Visit>
  void forCandidates(const Question& question, Visit visit) const {
    const auto visit_all = [&](const List* list) {
      if (list == nullptr) return;
      for (const std::uint32_t each : *list) visit(policies_[each]);
    };
    visit_all(&others_);
    visit_all(find(by_identity_, question.identity()));
    visit_all(find(by_subject_, question.principal().subject));
    visit_all(find(by_consumer_, question.principal().consumer));
    visit_all(find(by_method_, question.method()));
    if (by_path_.empty()) return;
    std::string_view before;
    for (std::size_t slashes = 1; slashes <= kMaxDepth; ++slashes) {
      const std::string_view start = startOf(question.plainPath(), slashes);
      if (start == before) break;
      visit_all(find(by_path_, start));
      before = start;
    }
  }

 private:
  using List = std::vector<std::uint32_t>;
  using Table = std::unordered_map<std::string_view, List>;  // the keys are views into policies
  static constexpr std::size_t kMaxDepth = 4;                // segments of a path

  static const List* find(const Table& table, std::string_view key) {
    if (table.empty() || key.empty()) return nullptr;
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
  }
  void file(std::uint32_t number);
  bool fileByPath(std::uint32_t number);

  const std::vector<Policy>& policies_;
  Table by_identity_;
  Table by_subject_;
  Table by_consumer_;
  Table by_path_;  // by the start of a pattern before its first wildcard
  Table by_method_;
  List others_;
};

}  // namespace weir::gateway::rbac
