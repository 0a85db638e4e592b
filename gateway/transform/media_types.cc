#include "gateway/transform/media_types.h"

#include <algorithm>
#include <utility>

#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kAnySubtype = "/*";
constexpr std::string_view kAnyWithSuffix = "*+";

}  // namespace

std::string_view mediaTypeOf(std::string_view content_type) {
  return http::trimmed(content_type.substr(0, content_type.find(';')));
}

bool MediaTypePattern::read(std::string_view text, MediaTypePattern& out) {
  if (text.starts_with(kAnyWithSuffix)) {
    out.kind_ = Kind::kSuffix;
    out.text_ = text.substr(1);
    return http::isToken(out.text_.substr(1));
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !http::isToken(text.substr(0, slash))) return false;
  if (text.substr(slash) == kAnySubtype) {
    out.kind_ = Kind::kPrefix;
    out.text_ = text.substr(0, slash + 1);
    return text[0] != '*';
  }
  out.kind_ = Kind::kExact;
  out.text_ = text;
  return text.find('*') == std::string_view::npos && http::isToken(text.substr(slash + 1));
}

bool MediaTypePattern::matches(std::string_view media_type) const {
  if (media_type.size() < text_.size()) return false;
  switch (kind_) {
    case Kind::kExact:
      return http::equalsIgnoringCase(media_type, text_);
    case Kind::kPrefix:
      return http::equalsIgnoringCase(media_type.substr(0, text_.size()), text_);
    case Kind::kSuffix:
      return http::equalsIgnoringCase(media_type.substr(media_type.size() - text_.size()), text_);
  }
  return false;
}

std::vector<MediaTypePattern> readMediaTypes(config::Table& table, std::string_view key,
                                             const std::vector<std::string>& texts) {
  std::vector<MediaTypePattern> patterns;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    MediaTypePattern pattern;
    if (MediaTypePattern::read(texts[i], pattern)) {
      patterns.push_back(std::move(pattern));
    } else {
      table.failElement(key, i,
                        "is not a media type such as \"application/json\", \"text/*\" or "
                        "\"*+json\"");
    }
  }
  return patterns;
}

bool matchesAny(const std::vector<MediaTypePattern>& patterns, std::string_view media_type) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const MediaTypePattern& pattern) { return pattern.matches(media_type); });
}

}  // namespace weir::gateway
