#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/expr/type.h"

namespace weir::expr {

// Why an evaluation has no result.
enum class Fault : std::uint8_t {
  kMissing,     // a variable, key or index that does not exist
  kType,        // an operator or function does not accept a value of this type
  kOverflow,    // an integer, duration or timestamp out of range
  kDivision,    // by zero
  kConversion,  // a text that is not a number, duration or timestamp
  kLimit,       // too many steps, too much memory or too long a list
};

std::string_view textOf(Fault fault);  // "no such variable, key or index"

class Map;

// The result of an expression or of a part of it: 16 bytes, passed in registers. Texts, lists and
// maps are views, whose memory belongs to the owner of the variables or to the arena of the
// evaluation.
class Value {
 public:
  Value() = default;  // uninitialized, so that a stack of values costs nothing

  static Value null() { return Value(Kind::kNull, 0); }
  static Value boolean(bool value) { return Value(Kind::kBool, value ? 1 : 0); }
  static Value integer(std::int64_t value) { return Value(Kind::kInt, value); }
  static Value number(double value) {
    Value result(Kind::kDouble, 0);
    result.double_ = value;
    return result;
  }
  static Value string(std::string_view text) { return Value(Kind::kString, text); }
  static Value bytes(std::string_view text) { return Value(Kind::kBytes, text); }
  static Value duration(Nanoseconds value) { return Value(Kind::kDuration, value.count()); }
  static Value timestamp(Nanoseconds since_1970) {
    return Value(Kind::kTimestamp, since_1970.count());
  }
  static Value list(std::span<const Value> items) {
    Value result(Kind::kList, 0);
    result.size_ = sizeOf(items.size());
    result.items_ = items.data();
    return result;
  }
  static Value map(const Map& map) {
    Value result(Kind::kMap, 0);
    result.map_ = &map;
    return result;
  }
  static Value fault(Fault fault) { return Value(Kind::kFault, static_cast<int>(fault)); }
  static Value missing() { return fault(Fault::kMissing); }

  Kind kind() const { return kind_; }
  bool isFault() const { return kind_ == Kind::kFault; }
  bool isTrue() const { return kind_ == Kind::kBool && integer_ != 0; }
  bool isFalse() const { return kind_ == Kind::kBool && integer_ == 0; }

  // Each only for a value of its kind.
  std::int64_t integer() const { return integer_; }  // and of a duration or timestamp: nanoseconds
  double number() const { return double_; }
  std::string_view text() const { return {text_, size_}; }  // of a string or bytes
  std::span<const Value> items() const { return {items_, size_}; }
  const Map& map() const { return *map_; }
  Fault fault() const { return static_cast<Fault>(integer_); }

 private:
  Value(Kind kind, std::int64_t value) : kind_(kind), size_(0), integer_(value) {}
  Value(Kind kind, std::string_view text)
      : kind_(kind), size_(sizeOf(text.size())), text_(text.data()) {}
  static std::uint32_t sizeOf(std::size_t size) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(size < kMost ? size : kMost);
  }

  Kind kind_;
  std::uint32_t size_;  // of texts and lists
  union {
    std::int64_t integer_;
    double double_;
    const char* text_;
    const Value* items_;
    const Map* map_;
  };
};

static_assert(std::is_trivially_copyable_v<Value> && sizeof(Value) == 16);

// A value with named members, such as the headers of a request.
class Map {
 public:
  virtual ~Map() = default;
  // The member, or Value::missing(). `hint` is what Variable::hint returned for a key that is
  // written in the expression, otherwise 0.
  virtual Value find(std::string_view key, std::uint32_t hint, Arena& arena) const = 0;
  virtual std::size_t size() const = 0;
};

// As `==` of CEL: integers and doubles are compared by their value; other kinds differ. A fault if
// a map is compared or lists are nested too deeply.
Value equal(const Value& left, const Value& right);

// The order of two numbers, texts, bools, durations or timestamps.
enum class Order : std::uint8_t { kLess, kEqual, kGreater, kNone };  // kNone: NaN
// False if the values have no order.
bool compare(const Value& left, const Value& right, Order& order);

}  // namespace weir::expr
