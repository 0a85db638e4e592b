#include "core/expr/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::expr {
namespace {

constexpr std::int64_t kLowestInteger = std::numeric_limits<std::int64_t>::min();

bool areBoth(const Value* arguments, Kind kind) {
  return arguments[0].kind() == kind && arguments[1].kind() == kind;
}

bool isTime(const Value& value, Kind kind) { return value.kind() == kind; }

// An integer, or nanoseconds, as a value of `kind`.
Value wholeOf(Kind kind, std::int64_t value) {
  if (kind == Kind::kInt) return Value::integer(value);
  return kind == Kind::kDuration ? Value::duration(Nanoseconds(value))
                                 : Value::timestamp(Nanoseconds(value));
}

Value sumOf(Kind kind, const Value* arguments) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(arguments[0].integer(), arguments[1].integer(), &sum)) {
    return Value::fault(Fault::kOverflow);
  }
  return wholeOf(kind, sum);
}

Value differenceOf(Kind kind, const Value* arguments) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(arguments[0].integer(), arguments[1].integer(), &difference)) {
    return Value::fault(Fault::kOverflow);
  }
  return wholeOf(kind, difference);
}

Value joinTexts(const Value* arguments, Budget& budget) {
  const std::string_view left = arguments[0].text();
  const std::string_view right = arguments[1].text();
  char* const to = budget.take(left.size() + right.size());
  if (to == nullptr) return Value::fault(Fault::kLimit);
  std::copy(left.begin(), left.end(), to);
  std::copy(right.begin(), right.end(), to + left.size());
  const std::string_view text(to, left.size() + right.size());
  return arguments[0].kind() == Kind::kString ? Value::string(text) : Value::bytes(text);
}

Value joinLists(const Value* arguments, Budget& budget) {
  const auto left = arguments[0].items();
  const auto right = arguments[1].items();
  Value* const to = budget.takeValues(left.size() + right.size());
  if (to == nullptr) return Value::fault(Fault::kLimit);
  std::copy(left.begin(), left.end(), to);
  std::copy(right.begin(), right.end(), to + left.size());
  return Value::list({to, left.size() + right.size()});
}

Value addTimes(const Value* arguments) {
  const bool left_is_timestamp = isTime(arguments[0], Kind::kTimestamp);
  const bool right_is_timestamp = isTime(arguments[1], Kind::kTimestamp);
  const Value& other = left_is_timestamp ? arguments[1] : arguments[0];
  if (left_is_timestamp == right_is_timestamp || !isTime(other, Kind::kDuration)) {
    return Value::fault(Fault::kType);
  }
  return sumOf(Kind::kTimestamp, arguments);
}

}  // namespace

Value negate(const Value* arguments, Budget& /*budget*/) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::kDouble) return Value::number(-value.number());
  if (value.kind() != Kind::kInt) return Value::fault(Fault::kType);
  if (value.integer() == kLowestInteger) return Value::fault(Fault::kOverflow);
  return Value::integer(-value.integer());
}

Value add(const Value* arguments, Budget& budget) {
  switch (arguments[0].kind()) {
    case Kind::kInt:
    case Kind::kDuration:
      if (areBoth(arguments, arguments[0].kind())) return sumOf(arguments[0].kind(), arguments);
      return addTimes(arguments);
    case Kind::kTimestamp:
      return addTimes(arguments);
    case Kind::kDouble:
      if (!areBoth(arguments, Kind::kDouble)) break;
      return Value::number(arguments[0].number() + arguments[1].number());
    case Kind::kString:
    case Kind::kBytes:
      if (areBoth(arguments, arguments[0].kind())) return joinTexts(arguments, budget);
      break;
    case Kind::kList:
      if (areBoth(arguments, Kind::kList)) return joinLists(arguments, budget);
      break;
    default:
      break;
  }
  return Value::fault(Fault::kType);
}

Value subtract(const Value* arguments, Budget& /*budget*/) {
  const Kind left = arguments[0].kind();
  if (areBoth(arguments, Kind::kDouble)) {
    return Value::number(arguments[0].number() - arguments[1].number());
  }
  if (areBoth(arguments, Kind::kInt)) return differenceOf(Kind::kInt, arguments);
  if (areBoth(arguments, Kind::kTimestamp) || areBoth(arguments, Kind::kDuration)) {
    return differenceOf(Kind::kDuration, arguments);
  }
  if (left == Kind::kTimestamp && isTime(arguments[1], Kind::kDuration)) {
    return differenceOf(Kind::kTimestamp, arguments);
  }
  return Value::fault(Fault::kType);
}

Value multiply(const Value* arguments, Budget& /*budget*/) {
  if (areBoth(arguments, Kind::kDouble)) {
    return Value::number(arguments[0].number() * arguments[1].number());
  }
  if (!areBoth(arguments, Kind::kInt)) return Value::fault(Fault::kType);
  std::int64_t product = 0;
  if (__builtin_mul_overflow(arguments[0].integer(), arguments[1].integer(), &product)) {
    return Value::fault(Fault::kOverflow);
  }
  return Value::integer(product);
}

Value divide(const Value* arguments, Budget& budget) {
  if (areBoth(arguments, Kind::kDouble)) {
    const double divisor = arguments[1].number();
    if (divisor != 0) return Value::number(arguments[0].number() / divisor);
    // IEEE 754: an infinity with the sign of both, or NaN.
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const bool none = arguments[0].number() == 0 || arguments[0].number() != arguments[0].number();
    const double sign = std::copysign(1.0, arguments[0].number()) * std::copysign(1.0, divisor);
    return Value::number(none ? std::numeric_limits<double>::quiet_NaN() : sign * kInfinity);
  }
  if (!areBoth(arguments, Kind::kInt)) return Value::fault(Fault::kType);
  if (arguments[1].integer() == 0) return Value::fault(Fault::kDivision);
  if (arguments[1].integer() == -1) return negate(arguments, budget);
  return Value::integer(arguments[0].integer() / arguments[1].integer());
}

Value modulo(const Value* arguments, Budget& /*budget*/) {
  if (!areBoth(arguments, Kind::kInt)) return Value::fault(Fault::kType);
  const std::int64_t divisor = arguments[1].integer();
  if (divisor == 0) return Value::fault(Fault::kDivision);
  if (divisor == -1) return Value::integer(0);
  return Value::integer(arguments[0].integer() % divisor);
}

}  // namespace weir::expr
