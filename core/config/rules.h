#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/config/role.h"
#include "core/config/units.h"

namespace weir::config {

class Selected;
class VariantSet;

// A limit of a range, in the unit of the field: a number, nanoseconds, bytes, 1/s or percent.
// Converts implicitly from each of those, so that a declaration reads {.min = 1}.
class Bound {
 public:
  template <typename T>
  requires std::is_arithmetic_v<T>
  constexpr explicit(false) Bound(T value) : value_(static_cast<double>(value)) {}
  template <typename Rep, typename Period>
  constexpr explicit(false) Bound(std::chrono::duration<Rep, Period> value)
      : value_(static_cast<double>(std::chrono::duration_cast<Nanoseconds>(value).count())) {}
  constexpr explicit(false) Bound(Size value) : value_(static_cast<double>(value.bytes)) {}
  constexpr explicit(false) Bound(Rate value) : value_(value.per_second) {}
  constexpr explicit(false) Bound(Percent value) : value_(value.value) {}

  constexpr double value() const { return value_; }

 private:
  double value_;
};

// The constraints in a field's declaration, beyond its key, type, default and meaning.
struct Limits {
  std::optional<Bound> min = {};  // of a number or quantity, or of each element of an array
  std::optional<Bound> max = {};
  std::size_t min_size = 0;  // bytes of a string, elements of an array or map
  std::size_t max_size = std::numeric_limits<std::size_t>::max();
  bool required = false;
  // Of a std::optional field: the word that can be written for "no value", such as "auto" or "off".
  std::string_view none = {};
};

// The words of an enumeration:
//   constexpr std::pair<std::string_view, Key> kKeyNames[] = {{"header", Key::kHeader}, ...};
template <typename E>
using Names = std::span<const std::pair<std::string_view, E>>;

// T without std::optional, ByRole, std::vector and maps from strings.
template <typename T>
struct LeafOf {
  using Type = T;
};
template <typename T>
struct LeafOf<std::optional<T>> : LeafOf<T> {};
template <typename T>
struct LeafOf<ByRole<T>> : LeafOf<T> {};
template <typename T>
struct LeafOf<std::vector<T>> : LeafOf<T> {};
template <typename T>
struct LeafOf<std::vector<std::pair<std::string, T>>> : LeafOf<T> {};
template <typename T, typename Less, typename Allocator>
struct LeafOf<std::map<std::string, T, Less, Allocator>> : LeafOf<T> {};
template <typename T>
using Leaf = typename LeafOf<T>::Type;

// The limits of a field, and the words or kinds that its type needs.
template <typename L>
struct Rules {
  Limits limits;
};
template <typename L>
requires std::is_enum_v<L>
struct Rules<L> {
  Limits limits;
  Names<L> names;
};
template <>
struct Rules<Selected> {
  Limits limits;
  const VariantSet* kinds = nullptr;
};

// The rules for the elements of a container: min and max only.
template <typename L>
Rules<L> inner(Rules<L> rules) {
  rules.limits = Limits{.min = rules.limits.min, .max = rules.limits.max};
  return rules;
}

}  // namespace weir::config
