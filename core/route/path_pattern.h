#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/regex/regex.h"

namespace weir::route {

struct MatchSettings;

// The path of a match, in segments.
class PathPattern {
 public:
  enum class Kind : std::uint8_t { kExact, kTemplate, kRegex, kPrefix };
  struct Segment {
    std::string text;  // the name, if captured
    bool captured = false;
  };
  static constexpr std::size_t kMaxSegments = 64;

  PathPattern() = default;  // the prefix "/": every path
  static std::optional<PathPattern> exact(std::string_view text, std::string& why);
  static std::optional<PathPattern> prefix(std::string_view text, std::string& why);
  static std::optional<PathPattern> pathTemplate(std::string_view text, std::string& why);
  static std::optional<PathPattern> regex(std::string_view text, std::string& why);

  Kind kind() const { return kind_; }
  // For a regex, the complete segments of its fixed start.
  const std::vector<Segment>& segments() const { return segments_; }
  const std::string& fixedStart() const { return fixed_start_; }  // of a regex
  std::size_t prefixBytes() const;                                // of a prefix; "/" is 0
  const std::vector<std::string>& captureNames() const { return capture_names_; }
  std::string describe() const;  // for messages: "prefix /users"
  std::string name() const;      // for route names: "/users/*"
  std::string key() const;       // equal for patterns that match the same paths in the same way
  Regex takeRegex() { return std::move(*regex_); }

 private:
  Kind kind_ = Kind::kPrefix;
  std::string text_ = "/";
  std::vector<Segment> segments_;
  std::vector<std::string> capture_names_;
  std::string fixed_start_;
  std::optional<Regex> regex_;
};

}  // namespace weir::route
