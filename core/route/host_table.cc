#include "core/route/host_table.h"

namespace weir::route {

std::uint32_t HostTable::add(const HostPattern& pattern, std::uint32_t number) {
  if (pattern.kind == HostPattern::Kind::kAny) {
    if (any_ == TextIndex::kNone) any_ = number;
    return any_;
  }
  const bool exact = pattern.kind == HostPattern::Kind::kExact;
  const std::uint32_t scope = exact ? kExactScope : kSuffixScope;
  const std::uint32_t known = index_.find(scope, pattern.text);
  if (known != TextIndex::kNone) return known;
  index_.add(scope, pattern.text, number);
  if (!exact) {
    const auto dots = std::count(pattern.text.begin(), pattern.text.end(), '.');
    most_labels_ = std::max(most_labels_, static_cast<std::size_t>(dots) + 1);
    longest_suffix_ = std::max(longest_suffix_, pattern.text.size());
  }
  return number;
}

std::size_t HostTable::suffixStart(std::string_view host) const {
  std::size_t start = std::string_view::npos;
  std::size_t before = host.size();
  for (std::size_t labels = 0; labels < most_labels_ && before > 1; ++labels) {
    const std::size_t dot = host.rfind('.', before - 1);
    if (dot == std::string_view::npos || dot == 0 || host.size() - dot - 1 > longest_suffix_) break;
    start = dot;
    before = dot;
  }
  return start;
}

}  // namespace weir::route
