#include "core/authz/segment_pattern.h"

#include <algorithm>

namespace weir::authz {
namespace {

// Removes the first segment and its slash. `left` becomes empty with `more` false at the end.
std::string_view takeSegment(std::string_view& left, bool& more) {
  const std::size_t slash = left.find('/');
  const std::string_view segment = left.substr(0, slash);
  more = slash != std::string_view::npos;
  left.remove_prefix(more ? slash + 1 : left.size());
  return segment;
}

}  // namespace

std::optional<SegmentPattern> SegmentPattern::parse(std::string_view text) {
  if (text.empty()) return std::nullopt;
  SegmentPattern pattern;
  pattern.text_ = text;
  bool more = true;
  while (more) {
    const std::string_view segment = takeSegment(text, more);
    if (segment == "**" && !more && !pattern.segments_.empty()) {
      pattern.open_ended_ = true;
      pattern.exact_ = false;
      return pattern;
    }
    const bool wild = segment.find('*') != std::string_view::npos;
    if (wild && segment != "*") return std::nullopt;
    if (wild) pattern.exact_ = false;
    if (pattern.segments_.size() == kMaxSegments) return std::nullopt;
    pattern.segments_.emplace_back(segment);
  }
  return pattern;
}

bool SegmentPattern::matches(std::string_view text) const {
  if (exact_) return text == text_;
  bool more = true;
  for (const std::string& wanted : segments_) {
    if (!more) return false;
    const std::string_view segment = takeSegment(text, more);
    if (wanted == "*" ? segment.empty() : segment != wanted) return false;
  }
  return open_ended_ || !more;
}

std::string_view SegmentPattern::fixedStart(std::size_t most) const {
  const std::string_view whole = text_;
  const std::size_t star = whole.find('*');
  const std::string_view fixed =
      star == std::string_view::npos ? whole : whole.substr(0, star == 0 ? 0 : star - 1);
  return startOf(fixed, most);
}

std::string_view startOf(std::string_view text, std::size_t slashes) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '/' && slashes-- == 0) return text.substr(0, at);
  }
  return text;
}

}  // namespace weir::authz
