#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/text_form.h"

namespace weir::gateway {

// Origins of web pages (RFC 6454): "https://shop.example", "https://*.shop.example", which stands
// for hosts below this one at any depth, or "*".
class OriginPattern {
 public:
  static std::optional<OriginPattern> parse(std::string_view text);

  bool matches(std::string_view origin) const;
  bool isAny() const { return text_ == "*"; }
  const std::string& text() const { return text_; }
  friend bool operator==(const OriginPattern&, const OriginPattern&) = default;

 private:
  static constexpr std::size_t kNone = std::string::npos;

  std::string text_;              // in lower case
  std::size_t wildcard_ = kNone;  // the place of the "*" of a host
};

}  // namespace weir::gateway

template <>
struct weir::config::TextForm<weir::gateway::OriginPattern> {
  static constexpr std::string_view kName = "origin";
  static constexpr std::string_view kExpected =
      "an origin such as \"https://shop.example\", \"https://*.shop.example\" or \"*\"";
  static constexpr std::string_view kPattern{};
  static std::optional<gateway::OriginPattern> parse(std::string_view text) {
    return gateway::OriginPattern::parse(text);
  }
  static std::string text(const gateway::OriginPattern& value) { return value.text(); }
};
