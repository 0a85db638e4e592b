#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/route/host_pattern.h"
#include "core/route/text_index.h"

namespace weir::route {

// Maps hosts to numbers. "*.example.com" matches a.example.com and a.b.example.com, not
// example.com.
class HostTable {
 public:
  // The number of a pattern: the existing one, or else `number`, which is assigned to it.
  std::uint32_t add(const HostPattern& pattern, std::uint32_t number);
  void shrink() { index_.shrink(); }

  // Calls visit(number) for the matching patterns, most specific first, until it returns true.
  template <typename Visit>
  bool visit(std::string_view host, Visit&& visit) const {
    const std::uint32_t exact = index_.find(kExactScope, host);
    if (exact != TextIndex::kNone && visit(exact)) return true;
    if (longest_suffix_ != 0 && visitSuffixes(host, visit)) return true;
    return any_ != TextIndex::kNone && visit(any_);
  }

 private:
  static constexpr std::uint32_t kExactScope = 0;
  static constexpr std::uint32_t kSuffixScope = 1;

  template <typename Visit>
  bool visitSuffixes(std::string_view host, Visit&& visit) const {
    // Skips suffixes that are longer, or have more labels, than every configured one.
    std::size_t dot = suffixStart(host);
    for (; dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      const std::uint32_t number = index_.find(kSuffixScope, host.substr(dot + 1));
      if (number != TextIndex::kNone && visit(number)) return true;
    }
    return false;
  }
  std::size_t suffixStart(std::string_view host) const;  // the first dot whose suffix may match

  TextIndex index_;
  std::uint32_t any_ = TextIndex::kNone;
  std::size_t longest_suffix_ = 0;  // bytes
  std::size_t most_labels_ = 0;     // of a suffix
};

}  // namespace weir::route
