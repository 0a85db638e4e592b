#include "core/expr/operations.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "core/base/lower_case.h"
#include "core/expr/arithmetic.h"
#include "core/expr/conversion.h"

namespace weir::expr {
namespace {

constexpr std::size_t kMaxParts = 100;  // of split()

bool areTexts(const Value* arguments) {
  return arguments[0].kind() == Kind::kString && arguments[1].kind() == Kind::kString;
}

Value logicalNot(const Value* arguments, Budget& /*budget*/) {
  if (arguments[0].kind() != Kind::kBool) return Value::fault(Fault::kType);
  return Value::boolean(!arguments[0].isTrue());
}

void chargeFor(const Value& value, Budget& budget) {
  if (value.kind() == Kind::kString || value.kind() == Kind::kBytes) {
    budget.charge(value.text().size());
  } else if (value.kind() == Kind::kList) {
    budget.charge(value.items().size() * 16);
  }
}

Value isEqual(const Value* arguments, Budget& budget) {
  chargeFor(arguments[1], budget);
  return equal(arguments[0], arguments[1]);
}

Value isNotEqual(const Value* arguments, Budget& budget) {
  const Value same = isEqual(arguments, budget);
  return same.isFault() ? same : Value::boolean(!same.isTrue());
}

template <typename Accept>
Value ordered(const Value* arguments, Budget& budget, Accept accept) {
  chargeFor(arguments[1], budget);
  Order order = Order::kNone;
  if (!compare(arguments[0], arguments[1], order)) return Value::fault(Fault::kType);
  return Value::boolean(accept(order));
}

Value isLess(const Value* arguments, Budget& budget) {
  return ordered(arguments, budget, [](Order order) { return order == Order::kLess; });
}

Value isLessOrEqual(const Value* arguments, Budget& budget) {
  return ordered(arguments, budget,
                 [](Order order) { return order == Order::kLess || order == Order::kEqual; });
}

Value isGreater(const Value* arguments, Budget& budget) {
  return ordered(arguments, budget, [](Order order) { return order == Order::kGreater; });
}

Value isGreaterOrEqual(const Value* arguments, Budget& budget) {
  return ordered(arguments, budget,
                 [](Order order) { return order == Order::kGreater || order == Order::kEqual; });
}

// Like a sequence of `==` joined by `||`: an element that cannot be compared matters only if no
// other one is equal.
Value isInList(const Value& value, std::span<const Value> items, Budget& budget) {
  budget.charge(items.size() * 16);
  Value result = Value::boolean(false);
  for (const Value& item : items) {
    chargeFor(item, budget);
    const Value same = equal(value, item);
    if (same.isTrue()) return same;
    if (same.isFault()) result = same;
  }
  return result;
}

Value isIn(const Value* arguments, Budget& budget) {
  if (arguments[1].kind() == Kind::kList) {
    return isInList(arguments[0], arguments[1].items(), budget);
  }
  if (arguments[1].kind() != Kind::kMap) return Value::fault(Fault::kType);
  if (arguments[0].kind() != Kind::kString) return Value::boolean(false);
  const Value found = budget.find(arguments[1].map(), arguments[0].text(), 0);
  return Value::boolean(!found.isFault());
}

Value elementAt(const Value* arguments, Budget& budget) {
  const Value& at = arguments[1];
  if (arguments[0].kind() == Kind::kMap) {
    if (at.kind() != Kind::kString) return Value::missing();
    return budget.find(arguments[0].map(), at.text(), 0);
  }
  if (arguments[0].kind() != Kind::kList || at.kind() != Kind::kInt) {
    return Value::fault(Fault::kType);
  }
  const auto items = arguments[0].items();
  const bool inside = at.integer() >= 0 && static_cast<std::size_t>(at.integer()) < items.size();
  return inside ? items[static_cast<std::size_t>(at.integer())] : Value::missing();
}

Value startsWith(const Value* arguments, Budget& budget) {
  if (!areTexts(arguments)) return Value::fault(Fault::kType);
  chargeFor(arguments[1], budget);
  return Value::boolean(arguments[0].text().starts_with(arguments[1].text()));
}

Value endsWith(const Value* arguments, Budget& budget) {
  if (!areTexts(arguments)) return Value::fault(Fault::kType);
  chargeFor(arguments[1], budget);
  return Value::boolean(arguments[0].text().ends_with(arguments[1].text()));
}

// The offset of the first occurrence, or npos. In time linear in both texts, unlike
// std::string_view::find().
std::size_t findText(std::string_view text, std::string_view part) {
  if (part.empty()) return 0;
  if (text.size() < part.size()) return std::string_view::npos;
  const void* const found = memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

Value contains(const Value* arguments, Budget& budget) {
  if (!areTexts(arguments)) return Value::fault(Fault::kType);
  budget.charge(arguments[0].text().size());
  return Value::boolean(findText(arguments[0].text(), arguments[1].text()) !=
                        std::string_view::npos);
}

// Bytes that do not continue a character (UTF-8).
std::int64_t charactersOf(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

Value sizeOf(const Value* arguments, Budget& budget) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kString:
      budget.charge(value.text().size());
      return Value::integer(charactersOf(value.text()));
    case Kind::kBytes:
      return Value::integer(static_cast<std::int64_t>(value.text().size()));
    case Kind::kList:
      return Value::integer(static_cast<std::int64_t>(value.items().size()));
    case Kind::kMap:
      return Value::integer(static_cast<std::int64_t>(value.map().size()));
    default:
      return Value::fault(Fault::kType);
  }
}

Value lowerAscii(const Value* arguments, Budget& budget) {
  if (arguments[0].kind() != Kind::kString) return Value::fault(Fault::kType);
  const std::string_view text = arguments[0].text();
  const bool lower =
      std::none_of(text.begin(), text.end(), [](char c) { return lowerCase(c) != c; });
  budget.charge(text.size());
  if (lower) return arguments[0];
  char* const to = budget.take(text.size());
  if (to == nullptr) return Value::fault(Fault::kLimit);
  std::transform(text.begin(), text.end(), to, [](char c) { return lowerCase(c); });
  return Value::string({to, text.size()});
}

// The number of bytes before the next separator. An empty separator divides into characters.
std::size_t partOf(std::string_view text, std::string_view separator) {
  if (!separator.empty()) return std::min(findText(text, separator), text.size());
  std::size_t end = 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return std::min(end, text.size());
}

Value split(const Value* arguments, Budget& budget) {
  if (!areTexts(arguments)) return Value::fault(Fault::kType);
  std::string_view text = arguments[0].text();
  const std::string_view separator = arguments[1].text();
  budget.charge(text.size());
  Value* const parts = budget.takeValues(kMaxParts);
  if (parts == nullptr) return Value::fault(Fault::kLimit);
  std::size_t count = 0;
  bool more = !text.empty() || !separator.empty();
  while (more) {
    if (count == kMaxParts) return Value::fault(Fault::kLimit);
    const std::size_t size = partOf(text, separator);
    parts[count++] = Value::string(text.substr(0, size));
    more = size < text.size() && size + separator.size() <= text.size();
    text.remove_prefix(std::min(size + separator.size(), text.size()));
    if (separator.empty() && text.empty()) more = false;
  }
  budget.giveBack(parts + count, kMaxParts - count);
  return Value::list({parts, count});
}

Value joined(std::span<const Value> items, std::string_view separator, Budget& budget) {
  std::size_t size = 0;
  for (const Value& item : items) {
    if (item.kind() != Kind::kString) return Value::fault(Fault::kType);
    size += item.text().size() + separator.size();
  }
  if (items.empty()) return Value::string("");
  char* const to = budget.take(size);
  if (to == nullptr) return Value::fault(Fault::kLimit);
  char* end = to;
  for (const Value& item : items) {
    if (&item != items.data()) end = std::copy(separator.begin(), separator.end(), end);
    end = std::copy(item.text().begin(), item.text().end(), end);
  }
  return Value::string({to, static_cast<std::size_t>(end - to)});
}

Value join(const Value* arguments, Budget& budget) {
  if (arguments[0].kind() != Kind::kList) return Value::fault(Fault::kType);
  return joined(arguments[0].items(), "", budget);
}

Value joinWith(const Value* arguments, Budget& budget) {
  if (arguments[0].kind() != Kind::kList || arguments[1].kind() != Kind::kString) {
    return Value::fault(Fault::kType);
  }
  return joined(arguments[0].items(), arguments[1].text(), budget);
}

Value computed(const Value& result) {
  if (result.kind() == Kind::kInt) return Value::jsonInteger(result.integer(), Value::kComputed);
  if (result.kind() == Kind::kDouble) return Value::jsonNumber(result.number(), Value::kComputed);
  return result;
}

Value asDouble(const Value& value) {
  return value.kind() == Kind::kInt ? Value::number(static_cast<double>(value.integer())) : value;
}

// An operator that is applied to numbers of JSON, too.
template <Value (*kOperator)(const Value*, Budget&)>
Value withJson(const Value* arguments, Budget& budget) {
  if (arguments[0].jsonTag() == 0 && arguments[1].jsonTag() == 0) [[likely]]
    return kOperator(arguments, budget);
  const bool mixed = arguments[0].isNumber() && arguments[1].isNumber() &&
                     arguments[0].kind() != arguments[1].kind();
  if (!mixed) return computed(kOperator(arguments, budget));
  const Value doubles[] = {asDouble(arguments[0]), asDouble(arguments[1])};
  return computed(kOperator(doubles, budget));
}

Value negateAny(const Value* arguments, Budget& budget) {
  const Value result = negate(arguments, budget);
  return arguments[0].jsonTag() == 0 ? result : computed(result);
}

// In the order of Op.
constexpr Operation kOperations[] = {{logicalNot, 1},
                                     {negateAny, 1},
                                     {withJson<add>, 2},
                                     {withJson<subtract>, 2},
                                     {withJson<multiply>, 2},
                                     {withJson<divide>, 2},
                                     {withJson<modulo>, 2},
                                     {isEqual, 2},
                                     {isNotEqual, 2},
                                     {isLess, 2},
                                     {isLessOrEqual, 2},
                                     {isGreater, 2},
                                     {isGreaterOrEqual, 2},
                                     {isIn, 2},
                                     {elementAt, 2},
                                     {startsWith, 2},
                                     {endsWith, 2},
                                     {contains, 2},
                                     {sizeOf, 1},
                                     {lowerAscii, 1},
                                     {split, 2},
                                     {join, 1},
                                     {joinWith, 2},
                                     {toInt, 1},
                                     {toDouble, 1},
                                     {toString, 1},
                                     {toBytes, 1},
                                     {toDuration, 1},
                                     {toTimestamp, 1}};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Op::kToTimestamp) -
                                            static_cast<std::size_t>(kFirstOperation) + 1);

}  // namespace

char* Budget::take(std::size_t count, std::size_t alignment) {
  if (count > bytes) return nullptr;
  bytes -= count;
  charge(count);
  return arena.allocate(std::max<std::size_t>(count, 1), alignment);  // null is a failure
}

Value* Budget::takeValues(std::size_t count) {
  const std::size_t size = count * sizeof(Value);
  if (size > bytes) return nullptr;
  bytes -= size;
  charge(size);
  return arena.array<Value>(std::max<std::size_t>(count, 1));
}

Value Budget::find(const Map& map, std::string_view key, std::uint32_t hint) {
  charge(map.searchedBytes());
  return map.find(key, hint, arena);
}

void Budget::giveBack(const Value* unused, std::size_t count) {
  arena.giveBack(reinterpret_cast<const char*>(unused),
                 reinterpret_cast<const char*>(unused + count));
  bytes += count * sizeof(Value);
}

const Operation& operationOf(Op op) {
  return kOperations[static_cast<std::size_t>(op) - static_cast<std::size_t>(kFirstOperation)];
}

}  // namespace weir::expr
