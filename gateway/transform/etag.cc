#include "gateway/transform/etag.h"

#include <algorithm>

#include "core/base/arena_writer.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kEtag = "etag";
constexpr std::string_view kWeak = "W/";

}  // namespace

std::string_view weakEtag(const http::Headers& headers) {
  const std::string_view tag = headers.get(kEtag).value_or(std::string_view());
  if (tag.empty() || tag.starts_with(kWeak)) return tag;
  return ArenaWriter(headers.arena(), kWeak.size() + tag.size()).put(kWeak).put(tag).text();
}

void weakenEtag(http::Headers& headers) {
  const std::string_view tag = weakEtag(headers);
  if (!tag.empty()) headers.set(kEtag, tag);
}

void weakenSameEtag(http::Headers& headers, std::string_view if_none_match) {
  const std::string_view tag = weakEtag(headers);
  if (!tag.empty() && if_none_match.find(tag) != std::string_view::npos) headers.set(kEtag, tag);
}

// Quoted tags may contain "W/" themselves.
std::string_view strongEtags(std::string_view if_none_match, Arena& arena) {
  ArenaWriter strong(arena, if_none_match.size());
  bool quoted = false;
  while (!if_none_match.empty()) {
    if (!quoted && if_none_match.starts_with("W/\"")) {
      if_none_match.remove_prefix(kWeak.size());
      continue;
    }
    quoted = quoted != (if_none_match.front() == '"');
    strong.put(if_none_match.front());
    if_none_match.remove_prefix(1);
  }
  return strong.text();
}

}  // namespace weir::gateway
