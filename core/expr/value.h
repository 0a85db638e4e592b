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
  kRepeated,    // a key that a map has twice
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

  static Value null() { return {Kind::kNull, 0, {.integer = 0}}; }
  static Value boolean(bool value) { return {Kind::kBool, 0, {.integer = value ? 1 : 0}}; }
  static Value integer(std::int64_t value) { return {Kind::kInt, 0, {.integer = value}}; }
  static Value number(double value) { return {Kind::kDouble, 0, {.number = value}}; }
  // A number of JSON, which has one type for integers and doubles: in an operation with a double,
  // such an integer is a double. `tag` is not 0; it tells its owner which number it is.
  static Value jsonInteger(std::int64_t value, std::uint32_t tag) {
    return {Kind::kInt, tag, {.integer = value}};
  }
  static Value jsonNumber(double value, std::uint32_t tag) {
    return {Kind::kDouble, tag, {.number = value}};
  }
  static constexpr std::uint32_t kComputed = std::numeric_limits<std::uint32_t>::max();  // a tag
  static Value string(std::string_view text) {
    return {Kind::kString, text.size(), {.text = text.data()}};
  }
  static Value bytes(std::string_view text) {
    return {Kind::kBytes, text.size(), {.text = text.data()}};
  }
  static Value duration(Nanoseconds value) {
    return {Kind::kDuration, 0, {.integer = value.count()}};
  }
  static Value timestamp(Nanoseconds since_1970) {
    return {Kind::kTimestamp, 0, {.integer = since_1970.count()}};
  }
  static Value list(std::span<const Value> items) {
    return {Kind::kList, items.size(), {.items = items.data()}};
  }
  static Value map(const Map& map) { return {Kind::kMap, 0, {.map = &map}}; }
  static Value fault(Fault fault) {
    return {Kind::kFault, 0, {.integer = static_cast<int>(fault)}};
  }
  static Value missing() { return fault(Fault::kMissing); }

  Kind kind() const { return kind_; }
  bool isFault() const { return kind_ == Kind::kFault; }
  bool isTrue() const { return kind_ == Kind::kBool && content_.integer != 0; }
  bool isFalse() const { return kind_ == Kind::kBool && content_.integer == 0; }
  bool isNumber() const { return kind_ == Kind::kInt || kind_ == Kind::kDouble; }
  // 0 unless the value is a number of JSON; kComputed if it was computed from such numbers.
  std::uint32_t jsonTag() const { return isNumber() ? size_ : 0; }

  // Each only for a value of its kind.
  std::int64_t integer() const {
    return content_.integer;
  }  // and of a duration or timestamp: nanoseconds
  double number() const { return content_.number; }
  std::string_view text() const { return {content_.text, size_}; }  // of a string or bytes
  std::span<const Value> items() const { return {content_.items, size_}; }
  const Map& map() const { return *content_.map; }
  Fault fault() const { return static_cast<Fault>(content_.integer); }

 private:
  union Content {
    std::int64_t integer;
    double number;
    const char* text;
    const Value* items;
    const Map* map;
  };

  Value(Kind kind, std::size_t size, Content content)
      : kind_(kind), size_(sizeOf(size)), content_(content) {}
  static std::uint32_t sizeOf(std::size_t size) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(size < kMost ? size : kMost);
  }

  Kind kind_;
  std::uint32_t size_;  // of texts and lists; the tag of numbers
  Content content_;
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
  // What find() reads at most, for its cost. The default is that of a text such as a query.
  virtual std::size_t searchedBytes() const { return 1024; }
};

// As `==` of CEL: integers and doubles are compared by their value; other kinds differ. A fault if
// a map is compared or lists are nested too deeply.
Value equal(const Value& left, const Value& right);

// The order of two numbers, texts, bools, durations or timestamps.
enum class Order : std::uint8_t { kLess, kEqual, kGreater, kNone };  // kNone: NaN
// False if the values have no order.
bool compare(const Value& left, const Value& right, Order& order);

}  // namespace weir::expr
