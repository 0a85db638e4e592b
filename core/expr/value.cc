#include "core/expr/value.h"

#include <cmath>
#include <compare>

namespace weir::expr {
namespace {

constexpr int kMaxListNesting = 16;

Order orderOf(std::partial_ordering ordering) {
  if (ordering == std::partial_ordering::less) return Order::kLess;
  if (ordering == std::partial_ordering::greater) return Order::kGreater;
  return ordering == std::partial_ordering::equivalent ? Order::kEqual : Order::kNone;
}

Order reversed(Order order) {
  if (order == Order::kLess) return Order::kGreater;
  return order == Order::kGreater ? Order::kLess : order;
}

// Exact, also where the integer has no double.
Order compareMixed(std::int64_t integer, double number) {
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  if (std::isnan(number)) return Order::kNone;
  if (number >= kBeyond) return Order::kLess;
  if (number < -kBeyond) return Order::kGreater;
  const double whole = std::trunc(number);
  const auto ordering = integer <=> static_cast<std::int64_t>(whole);
  return ordering == 0 ? orderOf(whole <=> number) : orderOf(ordering);
}

bool isNumeric(const Value& value) {
  return value.kind() == Kind::kInt || value.kind() == Kind::kDouble;
}

Value equalLists(std::span<const Value> left, std::span<const Value> right, int nesting);

Value equalNested(const Value& left, const Value& right, int nesting) {
  if (left.isFault()) return left;
  if (right.isFault()) return right;
  Order order = Order::kNone;
  if (compare(left, right, order)) return Value::boolean(order == Order::kEqual);
  if (left.kind() != right.kind()) return Value::boolean(false);
  if (left.kind() == Kind::kList) return equalLists(left.items(), right.items(), nesting + 1);
  return left.kind() == Kind::kMap ? Value::fault(Fault::kType) : Value::boolean(true);
}

Value equalLists(std::span<const Value> left, std::span<const Value> right, int nesting) {
  if (nesting > kMaxListNesting) return Value::fault(Fault::kLimit);
  if (left.size() != right.size()) return Value::boolean(false);
  for (std::size_t i = 0; i < left.size(); ++i) {
    const Value same = equalNested(left[i], right[i], nesting);
    if (!same.isTrue()) return same;
  }
  return Value::boolean(true);
}

}  // namespace

std::string_view textOf(Fault fault) {
  switch (fault) {
    case Fault::kMissing:
      return "no such variable, key or index";
    case Fault::kType:
      return "a value of the wrong type";
    case Fault::kOverflow:
      return "a number out of range";
    case Fault::kDivision:
      return "division by zero";
    case Fault::kConversion:
      return "a text that cannot be converted";
    case Fault::kRepeated:
      return "a key that the map has twice";
    case Fault::kLimit:
      return "too much work or memory";
  }
  return "";
}

Value equal(const Value& left, const Value& right) { return equalNested(left, right, 0); }

bool compare(const Value& left, const Value& right, Order& order) {
  if (isNumeric(left) && isNumeric(right) && left.kind() != right.kind()) {
    order = left.kind() == Kind::kInt ? compareMixed(left.integer(), right.number())
                                      : reversed(compareMixed(right.integer(), left.number()));
    return true;
  }
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kDuration:
    case Kind::kTimestamp:
      order = orderOf(left.integer() <=> right.integer());
      return true;
    case Kind::kDouble:
      order = orderOf(left.number() <=> right.number());
      return true;
    case Kind::kString:
    case Kind::kBytes:
      order = orderOf(left.text() <=> right.text());
      return true;
    default:
      return false;
  }
}

}  // namespace weir::expr
