#include "core/expr/conversion.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/base/number.h"

namespace weir::expr {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names first: "ms" is not "m".
constexpr Unit kUnits[] = {{"ns", 1},
                           {"us", 1'000},
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000}};
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kFractionDigits = 9;

std::string_view takeDigits(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

// The fraction "5" of a unit of 1000 is 500. Digits beyond the ninth are ignored.
std::int64_t fractionOf(std::string_view digits, std::int64_t unit) {
  const std::string_view kept = digits.substr(0, kFractionDigits);
  std::int64_t scale = 1;
  for (std::size_t i = 0; i < kept.size(); ++i) scale *= 10;
  const std::int64_t value = parseNumber<std::int64_t>(kept).value_or(0);
  // Neither form overflows: a unit from a second on is a multiple of every scale.
  return unit >= scale ? value * (unit / scale) : value * unit / scale;
}

const Unit* takeUnit(std::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

// One part such as "1.5h", added to `sum`.
bool addPart(std::string_view& text, std::int64_t& sum) {
  const std::string_view whole = takeDigits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = takeDigits(text);
  }
  const Unit* const unit = takeUnit(text);
  if (unit == nullptr || (whole.empty() && fraction.empty())) return false;
  const auto count = whole.empty() ? 0 : parseNumber<std::int64_t>(whole);
  std::int64_t part = 0;
  return count && !__builtin_mul_overflow(*count, unit->nanoseconds, &part) &&
         !__builtin_add_overflow(part, fractionOf(fraction, unit->nanoseconds), &part) &&
         !__builtin_add_overflow(sum, part, &sum);
}

bool takeCharacter(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// A number of exactly that many digits.
bool takeField(std::string_view& text, std::size_t digits, int& value) {
  const std::string_view field = text.substr(0, digits);
  if (field.size() != digits) return false;
  const auto number = parseNumber<int>(field);
  if (!number) return false;
  value = *number;
  text.remove_prefix(digits);
  return true;
}

bool takeDate(std::string_view& text, std::chrono::sys_days& day) {
  int year = 0;
  int month = 0;
  int of_month = 0;
  const bool read = takeField(text, 4, year) && takeCharacter(text, "-") &&
                    takeField(text, 2, month) && takeCharacter(text, "-") &&
                    takeField(text, 2, of_month);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(of_month))};
  if (!read || !date.ok()) return false;
  day = date;
  return true;
}

bool takeClock(std::string_view& text, std::int64_t& seconds, std::int64_t& nanoseconds) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool read = takeField(text, 2, hour) && takeCharacter(text, ":") &&
                    takeField(text, 2, minute) && takeCharacter(text, ":") &&
                    takeField(text, 2, second);
  if (!read || hour > 23 || minute > 59 || second > 59) return false;
  seconds = (hour * 60 + minute) * 60 + second;
  if (!takeCharacter(text, ".")) return true;
  const std::string_view digits = takeDigits(text);
  nanoseconds = fractionOf(digits, kSecond);
  return !digits.empty();
}

// "Z" or "+hh:mm"; `seconds` east of UTC.
bool takeZone(std::string_view& text, std::int64_t& seconds) {
  if (takeCharacter(text, "Zz")) return true;
  const bool west = text.starts_with('-');
  int hour = 0;
  int minute = 0;
  const bool read = takeCharacter(text, "+-") && takeField(text, 2, hour) &&
                    takeCharacter(text, ":") && takeField(text, 2, minute);
  if (!read || hour > 23 || minute > 59) return false;
  seconds = (hour * 60 + minute) * 60 * (west ? -1 : 1);
  return true;
}

Value copied(std::string_view text, Budget& budget) {
  char* const to = budget.take(text.size());
  if (to == nullptr) return Value::fault(Fault::kLimit);
  std::copy(text.begin(), text.end(), to);
  return Value::string({to, text.size()});
}

template <typename T>
Value written(T number, Budget& budget) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return copied({text.data(), static_cast<std::size_t>(end - text.data())}, budget);
}

// Adds ".5" for half a second, nothing for none.
int writeFraction(std::int64_t nanoseconds, std::span<char> to) {
  if (nanoseconds == 0) return 0;
  int size = std::snprintf(to.data(), to.size(), ".%09lld", static_cast<long long>(nanoseconds));
  while (to[static_cast<std::size_t>(size) - 1] == '0') --size;
  return size;
}

Value durationString(std::int64_t nanoseconds, Budget& budget) {
  std::array<char, 40> text{};
  // The magnitude of the lowest value does not fit in its own type.
  const bool negative = nanoseconds < 0;
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                           : static_cast<std::uint64_t>(nanoseconds);
  auto size = static_cast<std::size_t>(
      std::snprintf(text.data(), text.size(), "%s%llu", negative ? "-" : "",
                    static_cast<unsigned long long>(magnitude / kSecond)));
  const auto fraction = static_cast<std::int64_t>(magnitude % kSecond);
  size += static_cast<std::size_t>(writeFraction(fraction, std::span(text).subspan(size)));
  text[size++] = 's';
  return copied({text.data(), size}, budget);
}

Value timestampString(std::int64_t nanoseconds, Budget& budget) {
  using std::chrono::floor;
  const std::chrono::sys_time<Nanoseconds> time{Nanoseconds(nanoseconds)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::seconds>(time) - day);
  std::array<char, 64> text{};
  auto size = static_cast<std::size_t>(std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count())));
  const std::int64_t fraction = (time - floor<std::chrono::seconds>(time)).count();
  size += static_cast<std::size_t>(writeFraction(fraction, std::span(text).subspan(size)));
  text[size++] = 'Z';
  return copied({text.data(), size}, budget);
}

template <typename T>
std::optional<T> signedNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && !text.empty() ? std::optional(value) : std::nullopt;
}

// Truncated towards zero.
Value integerOf(double number) {
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  if (!(number > -kBeyond && number < kBeyond)) return Value::fault(Fault::kOverflow);
  return Value::integer(static_cast<std::int64_t>(number));
}

}  // namespace

std::optional<Nanoseconds> parseExprDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  while (!text.empty()) {
    if (!addPart(text, sum)) return std::nullopt;
  }
  return Nanoseconds(negative ? -sum : sum);
}

std::optional<Nanoseconds> parseTimestamp(std::string_view text) {
  std::chrono::sys_days day;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  std::int64_t east = 0;
  const bool read = takeDate(text, day) && takeCharacter(text, "Tt") &&
                    takeClock(text, seconds, nanoseconds) && takeZone(text, east) && text.empty();
  if (!read) return std::nullopt;
  const std::int64_t midnight = std::int64_t{day.time_since_epoch().count()} * 86'400;
  std::int64_t total = 0;
  if (__builtin_mul_overflow(midnight + seconds - east, kSecond, &total) ||
      __builtin_add_overflow(total, nanoseconds, &total)) {
    return std::nullopt;
  }
  return Nanoseconds(total);
}

Value toInt(const Value* arguments, Budget& /*budget*/) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kInt:
      return value;
    case Kind::kDouble:
      return integerOf(value.number());
    case Kind::kTimestamp: {
      const std::int64_t seconds = value.integer() / kSecond;
      return Value::integer(value.integer() % kSecond < 0 ? seconds - 1 : seconds);
    }
    case Kind::kString: {
      const auto number = signedNumber<std::int64_t>(value.text());
      return number ? Value::integer(*number) : Value::fault(Fault::kConversion);
    }
    default:
      return Value::fault(Fault::kType);
  }
}

Value toDouble(const Value* arguments, Budget& /*budget*/) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::kDouble) return value;
  if (value.kind() == Kind::kInt) return Value::number(static_cast<double>(value.integer()));
  if (value.kind() != Kind::kString) return Value::fault(Fault::kType);
  const auto number = signedNumber<double>(value.text());
  return number ? Value::number(*number) : Value::fault(Fault::kConversion);
}

Value toString(const Value* arguments, Budget& budget) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kString:
      return value;
    case Kind::kBool:
      return Value::string(value.isTrue() ? "true" : "false");
    case Kind::kInt:
      return written(value.integer(), budget);
    case Kind::kDouble:
      return written(value.number(), budget);
    case Kind::kDuration:
      return durationString(value.integer(), budget);
    case Kind::kTimestamp:
      return timestampString(value.integer(), budget);
    default:
      return Value::fault(Fault::kType);
  }
}

Value toBytes(const Value* arguments, Budget& /*budget*/) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::kBytes) return value;
  return value.kind() == Kind::kString ? Value::bytes(value.text()) : Value::fault(Fault::kType);
}

Value toDuration(const Value* arguments, Budget& /*budget*/) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::kDuration) return value;
  if (value.kind() != Kind::kString) return Value::fault(Fault::kType);
  const auto duration = parseExprDuration(value.text());
  return duration ? Value::duration(*duration) : Value::fault(Fault::kConversion);
}

Value toTimestamp(const Value* arguments, Budget& /*budget*/) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::kTimestamp) return value;
  if (value.kind() != Kind::kString) return Value::fault(Fault::kType);
  const auto timestamp = parseTimestamp(value.text());
  return timestamp ? Value::timestamp(*timestamp) : Value::fault(Fault::kConversion);
}

}  // namespace weir::expr
