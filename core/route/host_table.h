#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/route/host_pattern.h"
#include "core/route/text_index.h"

namespace weir::route {

// Numbers for hosts. "*.example.com" matches a.example.com and a.b.example.com, not example.com.
class HostTable {
 public:
  // The number of a pattern: the known one, or `number`, which it then has.
  std::uint32_t add(const HostPattern& pattern, std::uint32_t number);
  void shrink() { index_.shrink(); }

  // Calls visit(number) for the patterns that match, the most specific first, until it says true.
  template <typename Visit>
  bool visit(std::string_view host, Visit&& visit) const {
    if (const auto number = index_.find(kExactScope, host); number && visit(*number)) return true;
    if (longest_suffix_ != 0 && visitSuffixes(host, visit)) return true;
    return any_ && visit(*any_);
  }

 private:
  static constexpr std::uint32_t kExactScope = 0;
  static constexpr std::uint32_t kSuffixScope = 1;

  template <typename Visit>
  bool visitSuffixes(std::string_view host, Visit&& visit) const {
    // No suffix that is longer, or has more labels, than every configured one is looked up.
    std::size_t dot = suffixStart(host);
    for (; dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      const auto number = index_.find(kSuffixScope, host.substr(dot + 1));
      if (number && visit(*number)) return true;
    }
    return false;
  }
  std::size_t suffixStart(std::string_view host) const;  // the first dot worth looking behind

  TextIndex index_;
  std::optional<std::uint32_t> any_;
  std::size_t longest_suffix_ = 0;  // bytes
  std::size_t most_labels_ = 0;     // of a suffix
};

}  // namespace weir::route
