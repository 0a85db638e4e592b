#include "core/expr/function_table.h"

namespace weir::expr {
namespace {

constexpr Kinds kText{Kind::kString};
constexpr Kinds kSized{Kind::kString, Kind::kBytes, Kind::kList, Kind::kMap};
constexpr Kinds kNumbers{Kind::kInt, Kind::kDouble};
constexpr Kinds kAdded{Kind::kInt,   Kind::kDouble, Kind::kString,
                       Kind::kBytes, Kind::kList,   Kind::kDuration};
constexpr Kinds kOrdered{Kind::kBool,  Kind::kInt,      Kind::kDouble,   Kind::kString,
                         Kind::kBytes, Kind::kDuration, Kind::kTimestamp};
constexpr Kinds kPrinted{Kind::kBool,   Kind::kInt,      Kind::kDouble,
                         Kind::kString, Kind::kDuration, Kind::kTimestamp};

const Function kFunctions[] = {
    {"startsWith", Op::kStartsWith, true, 2, kText, kText, Kind::kBool, "text.startsWith(start)",
     "Whether the text starts with another."},
    {"endsWith", Op::kEndsWith, true, 2, kText, kText, Kind::kBool, "text.endsWith(end)",
     "Whether the text ends with another."},
    {"contains", Op::kContains, true, 2, kText, kText, Kind::kBool, "text.contains(part)",
     "Whether the text contains another."},
    {"matches", Op::kMatches, true, 2, kText, kText, Kind::kBool, "text.matches(\"regex\")",
     "Whether a part of the text matches a regular expression in RE2's syntax, which must be a "
     "literal. Anchor it with ^ and $ to match the whole text."},
    {"size",
     Op::kSize,
     true,
     1,
     kSized,
     {},
     Kind::kInt,
     "value.size()",
     "Number of characters of a text, bytes of bytes, elements of a list or members of a map."},
    {"size", Op::kSize, false, 1, kSized, {}, Kind::kInt, "size(value)", "The same."},
    {"lowerAscii",
     Op::kLowerAscii,
     true,
     1,
     kText,
     {},
     Kind::kString,
     "text.lowerAscii()",
     "The text with its letters A to Z in lower case."},
    {"split",
     Op::kSplit,
     true,
     2,
     kText,
     kText,
     {Kind::kList, Kind::kString},
     "text.split(separator)",
     "The parts between the separators, at most 100."},
    {"join",
     Op::kJoin,
     true,
     1,
     {Kind::kList},
     {},
     Kind::kString,
     "list.join()",
     "The texts of a list, one after the other."},
    {"join",
     Op::kJoinWith,
     true,
     2,
     {Kind::kList},
     kText,
     Kind::kString,
     "list.join(separator)",
     "The same with a separator between them."},
    {"cidr", Op::kCidr, false, 2, kText, kText, Kind::kBool, "cidr(address, \"network\")",
     "Whether an IP address is part of a network such as \"10.0.0.0/8\", which must be a literal."},
    {"int",
     Op::kToInt,
     false,
     1,
     {Kind::kInt, Kind::kDouble, Kind::kString, Kind::kTimestamp},
     {},
     Kind::kInt,
     "int(value)",
     "The integer of a number (truncated) or text; of a timestamp, the seconds since 1970."},
    {"double",
     Op::kToDouble,
     false,
     1,
     {Kind::kInt, Kind::kDouble, Kind::kString},
     {},
     Kind::kDouble,
     "double(value)",
     "The double of a number or text."},
    {"string",
     Op::kToString,
     false,
     1,
     kPrinted,
     {},
     Kind::kString,
     "string(value)",
     "The text of a bool, number, duration (\"1.5s\") or timestamp (RFC 3339)."},
    {"bytes",
     Op::kToBytes,
     false,
     1,
     {Kind::kString, Kind::kBytes},
     {},
     Kind::kBytes,
     "bytes(value)",
     "The bytes of a text."},
    {"duration",
     Op::kToDuration,
     false,
     1,
     {Kind::kString, Kind::kDuration},
     {},
     Kind::kDuration,
     "duration(\"1m30s\")",
     "The duration with a text; units are h, m, s, ms, us and ns."},
    {"timestamp",
     Op::kToTimestamp,
     false,
     1,
     {Kind::kString, Kind::kTimestamp},
     {},
     Kind::kTimestamp,
     "timestamp(\"2026-01-31T12:00:00Z\")",
     "The timestamp with a text (RFC 3339)."},
};

bool same(const Type& left, const Type& right, Kinds kinds) {
  return left.kind() == right.kind() && kinds.has(left.kind());
}

bool typeOfSum(const Type& left, const Type& right, Type& result) {
  const bool left_time = left.kind() == Kind::kTimestamp;
  const bool right_time = right.kind() == Kind::kTimestamp;
  result = left;
  if (left_time != right_time) {
    result = Kind::kTimestamp;
    return (left_time ? right : left).kind() == Kind::kDuration;
  }
  if (left.kind() == Kind::kList && !(left == right)) result = Kind::kList;
  return same(left, right, kAdded);
}

bool typeOfDifference(const Type& left, const Type& right, Type& result) {
  const bool is_time = left.kind() == Kind::kTimestamp;
  result = is_time && right.kind() == Kind::kTimestamp ? Type(Kind::kDuration) : left;
  if (is_time && right.kind() == Kind::kDuration) return true;
  return same(left, right, {Kind::kInt, Kind::kDouble, Kind::kDuration, Kind::kTimestamp});
}

bool typeOfIn(const Type& left, const Type& right) {
  if (right.isDyn()) return true;
  if (right.kind() == Kind::kMap) return left.isDyn() || left.kind() == Kind::kString;
  const Type element = right.element();
  return right.kind() == Kind::kList &&
         (fits(left, element) || (left.isNumber() && element.isNumber()));
}

bool typeOfComparison(Op op, const Type& left, const Type& right) {
  if (left.isNumber() && right.isNumber()) return true;
  const bool equality = op == Op::kEqual || op == Op::kNotEqual;
  if (!equality) return left.isDyn() || right.isDyn() || same(left, right, kOrdered);
  return fits(left, right) && left.kind() != Kind::kMap && right.kind() != Kind::kMap;
}

}  // namespace

std::span<const Function> functions() { return kFunctions; }

bool typeOfBinary(Op op, const Type& left, const Type& right, Type& result) {
  if (op >= Op::kEqual && op <= Op::kGreaterEqual) {
    result = Kind::kBool;
    return typeOfComparison(op, left, right);
  }
  if (op == Op::kIn) {
    result = Kind::kBool;
    return typeOfIn(left, right);
  }
  if (left.isDyn() || right.isDyn()) {
    result = Kind::kDyn;
    return true;
  }
  if (op == Op::kAdd) return typeOfSum(left, right, result);
  if (op == Op::kSubtract) return typeOfDifference(left, right, result);
  result = left;
  return same(left, right, op == Op::kModulo ? Kinds{Kind::kInt} : kNumbers);
}

bool typeOfUnary(Op op, const Type& operand, Type& result) {
  result = op == Op::kNot ? Type(Kind::kBool) : operand;
  return op == Op::kNot ? Kinds{Kind::kBool}.has(operand.kind()) : kNumbers.has(operand.kind());
}

}  // namespace weir::expr
