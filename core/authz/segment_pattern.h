#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/text_form.h"

namespace weir::authz {

// A pattern for texts of segments between slashes, such as paths and SPIFFE IDs. "*" stands for one
// segment that is not empty, "**" at the end for any number of further segments, also none.
class SegmentPattern {
 public:
  static constexpr std::size_t kMaxSegments = 64;

  // Nothing if "*" is not a whole segment, "**" is not the last one, or there are too many.
  static std::optional<SegmentPattern> parse(std::string_view text);

  bool matches(std::string_view text) const;
  bool isExact() const { return exact_; }
  const std::string& text() const { return text_; }
  // The longest start without wildcards, up to `most` slashes: "/users" of "/users/*/orders".
  std::string_view fixedStart(std::size_t most) const;
  bool operator==(const SegmentPattern& other) const { return text_ == other.text_; }

 private:
  std::string text_;
  std::vector<std::string> segments_;  // without the "**"
  bool exact_ = true;
  bool open_ended_ = false;
};

// The start of `text` that ends before its slash number `slashes` + 1; all of it if it has no more.
std::string_view startOf(std::string_view text, std::size_t slashes);

}  // namespace weir::authz

namespace weir::config {

template <>
struct TextForm<authz::SegmentPattern> {
  static constexpr std::string_view kName = "segment pattern";
  static constexpr std::string_view kExpected =
      "a pattern such as \"/users/*/orders\" or \"/admin/**\", with \"*\" as a whole segment and "
      "\"**\" at the end only";
  static constexpr std::string_view kPattern = "^.+$";

  static std::optional<authz::SegmentPattern> parse(std::string_view text) {
    return authz::SegmentPattern::parse(text);
  }
  static std::string text(const authz::SegmentPattern& value) { return value.text(); }
};

}  // namespace weir::config
