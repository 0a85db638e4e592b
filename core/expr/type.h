#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace weir::expr {

enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kList,
  kMap,    // with keys that are strings
  kDyn,    // of a type only: known when the expression is evaluated
  kFault,  // of a value only
};

std::string_view nameOf(Kind kind);

// The type of an expression as it is known at load. A list or map is followed by the type of its
// elements: {kMap, kList, kString} is a map of lists of strings.
class Type {
 public:
  static constexpr std::size_t kMaxNesting = 4;

  constexpr explicit(false) Type(Kind kind = Kind::kDyn) { kinds_[0] = kind; }
  constexpr Type(std::initializer_list<Kind> kinds) {
    std::size_t at = 0;
    for (const Kind kind : kinds) {
      if (at < kMaxNesting) kinds_[at++] = kind;
    }
  }

  Kind kind() const { return kinds_[0]; }
  bool isDyn() const { return kind() == Kind::kDyn; }
  bool isNumber() const { return kind() == Kind::kInt || kind() == Kind::kDouble; }
  Type element() const;                     // of a list or map
  static Type listOf(const Type& element);  // beyond kMaxNesting the element is dyn
  static Type mapOf(const Type& element);   // likewise
  std::string text() const;                 // "map(list(string))"
  friend bool operator==(const Type&, const Type&) = default;

 private:
  static Type of(Kind container, const Type& element);

  std::array<Kind, kMaxNesting> kinds_ = {Kind::kDyn, Kind::kDyn, Kind::kDyn, Kind::kDyn};
};

// True if a value of one type can be one of the other.
bool fits(const Type& left, const Type& right);

}  // namespace weir::expr
