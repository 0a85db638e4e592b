#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/table.h"

namespace weir::gateway {

// "application/json" of "application/JSON; charset=utf-8", in the case in which it was sent.
std::string_view mediaTypeOf(std::string_view content_type);

// A pattern for media types: "application/json", "text/*" or "*+json".
class MediaTypePattern {
 public:
  MediaTypePattern() = default;
  explicit MediaTypePattern(std::string_view text) { static_cast<void>(read(text, *this)); }
  // The pattern of that text; false if it is malformed.
  static bool read(std::string_view text, MediaTypePattern& out);
  bool matches(std::string_view media_type) const;  // in any case
  bool operator==(const MediaTypePattern&) const = default;

 private:
  enum class Kind { kExact, kPrefix, kSuffix };

  Kind kind_ = Kind::kExact;
  std::string text_;
};

// The patterns of a setting; records a diagnostic for each malformed one.
std::vector<MediaTypePattern> readMediaTypes(config::Table& table, std::string_view key,
                                             const std::vector<std::string>& texts);
bool matchesAny(const std::vector<MediaTypePattern>& patterns, std::string_view media_type);

}  // namespace weir::gateway
