#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"

namespace weir::gateway {

enum class PageFormat : std::uint8_t { kJson, kHtml, kText };
inline constexpr std::size_t kPageFormats = 3;

// The values for the variables of a page, in the order of kPageVariables.
inline constexpr std::size_t kPageVariableCount = 7;
inline constexpr std::array<std::string_view, kPageVariableCount> kPageVariables = {
    "response.status", "response.phrase", "response.reason", "request.id",
    "request.method",  "request.host",    "request.path",
};
using PageValues = std::array<std::string_view, kPageVariableCount>;

// The text of an error page with variables, such as "${response.status}"; "$$" is a dollar sign.
class PageTemplate {
 public:
  // Nothing, with `why` set, if it names an unknown variable or has no end of one.
  static std::optional<PageTemplate> parse(std::string_view text, std::string& why);
  // Values are escaped as the format requires, and cut at kMostValue bytes.
  std::string_view expand(const PageValues& values, PageFormat format, Arena& arena) const;
  bool operator==(const PageTemplate&) const = default;

 private:
  static constexpr std::size_t kMostValue = 1024;
  static constexpr std::size_t kMostEscape = 6;  // bytes for one

  struct Piece {
    std::string literal;  // before the value
    std::size_t variable;
    bool operator==(const Piece&) const = default;
  };

  std::vector<Piece> pieces_;
  std::string tail_;
};

}  // namespace weir::gateway
