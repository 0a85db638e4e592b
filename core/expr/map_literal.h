#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/expr/operations.h"
#include "core/expr/value.h"

namespace weir::expr {

// A map that is written in an expression, with its members in the order in which they are written.
class MapLiteral final : public Map {
 public:
  // `parts`: each key, a text, followed by its value.
  explicit MapLiteral(std::span<const Value> parts) : parts_(parts) {}

  Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
  std::size_t size() const override { return parts_.size() / 2; }
  std::size_t searchedBytes() const override { return parts_.size_bytes(); }
  std::span<const Value> parts() const { return parts_; }

 private:
  std::span<const Value> parts_;
};

// A map of `parts`, in memory of the budget. A fault if one of them is a fault, a key is not a text
// or two keys are equal.
Value makeMap(std::span<const Value> parts, Budget& budget);

}  // namespace weir::expr
