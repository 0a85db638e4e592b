#include "core/config/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/lower_case.h"
#include "core/base/number.h"

namespace weir::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t amount;
};

constexpr Unit kDurationUnits[] = {  // nanoseconds, the longest first
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1}};
constexpr Unit kSizeUnits[] = {  // bytes, the largest first
    {"TiB", 1ULL << 40U},
    {"GiB", 1ULL << 30U},
    {"MiB", 1ULL << 20U},
    {"KiB", 1ULL << 10U},
    {"B", 1}};
constexpr Unit kRateUnits[] = {{"/s", 1}, {"/m", 60}, {"/h", 3'600}, {"/d", 86'400}};  // seconds

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// "1.5ms", split into its digits and its unit.
struct Amount {
  std::string_view whole;
  std::string_view fraction;  // without the point; empty when there is none
  std::string_view unit;

  std::string_view number() const {  // both, with the point between them
    return {whole.data(), fraction.empty() ? whole.size() : whole.size() + 1 + fraction.size()};
  }
};

std::string_view takeDigits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && isDigit(text[length])) ++length;
  const std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

std::optional<Amount> split(std::string_view text) {
  Amount amount;
  amount.whole = takeDigits(text);
  if (amount.whole.empty()) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    amount.fraction = takeDigits(text);
    if (amount.fraction.empty()) return std::nullopt;
  }
  amount.unit = text;
  return amount;
}

// The text consists of digits with at most one point.
std::optional<double> decimalOf(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

template <std::size_t kCount>
const Unit* findUnit(const Unit (&units)[kCount], std::string_view name) {
  const auto* found = std::ranges::find(units, name, &Unit::name);
  return found == std::end(units) ? nullptr : found;
}

// The largest unit that divides `amount`.
template <std::size_t kCount>
std::string textOf(const Unit (&units)[kCount], std::uint64_t amount, std::string_view zero) {
  if (amount == 0) return std::string(zero);
  for (const Unit& unit : units) {
    if (amount % unit.amount == 0) {
      return std::to_string(amount / unit.amount) + std::string(unit.name);
    }
  }
  return {};  // the last unit is 1
}

// digits * unit, unless it exceeds `most`.
std::optional<std::uint64_t> scaled(std::string_view digits, std::uint64_t unit,
                                    std::uint64_t most) {
  const std::optional<std::uint64_t> count = parseNumber<std::uint64_t>(digits);
  if (!count || *count > most / unit) return std::nullopt;
  return *count * unit;
}

bool isNameCharacter(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_';
}

bool isHostName(std::string_view host) {
  constexpr std::size_t kLongestName = 253;  // RFC 1035, 2.3.4, without the final dot
  return host.size() <= kLongestName && std::ranges::all_of(host, isNameCharacter);
}

// An address in brackets: hexadecimal digits, colons, an IPv4 tail, and a zone after "%".
bool isIpv6(std::string_view host) {
  const std::string_view zone =
      host.find('%') == std::string_view::npos ? "" : host.substr(host.find('%') + 1);
  const std::string_view digits = host.substr(0, host.find('%'));
  if (host.find('%') != std::string_view::npos && zone.empty()) return false;
  return digits.find(':') != std::string_view::npos &&
         digits.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
         std::ranges::all_of(zone, isNameCharacter);
}

std::optional<Address> parseUnix(std::string_view path) {
  constexpr std::size_t kLongestPath = 107;  // sun_path with its NUL
  if (path.empty() || path.size() > kLongestPath) return std::nullopt;
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  Address address;
  address.unix_path = path;
  return address;
}

}  // namespace

std::optional<Nanoseconds> parseDuration(std::string_view text) {
  if (text == "0") return Nanoseconds::zero();
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::optional<Amount> amount = split(text);
  if (!amount) return std::nullopt;
  const Unit* unit = findUnit(kDurationUnits, amount->unit);
  if (unit == nullptr) return std::nullopt;
  std::optional<std::uint64_t> total = scaled(amount->whole, unit->amount, kMost);
  if (!total) return std::nullopt;
  std::uint64_t scale = unit->amount;
  for (const char digit : amount->fraction) {
    if (scale % 10 != 0 && digit != '0') return std::nullopt;  // finer than a nanosecond
    scale /= 10;
    *total += static_cast<std::uint64_t>(digit - '0') * scale;
  }
  if (*total > kMost) return std::nullopt;
  return Nanoseconds(static_cast<std::int64_t>(*total));
}

std::string durationText(Nanoseconds duration) {
  if (duration.count() < 0) return "-" + durationText(-duration);
  return textOf(kDurationUnits, static_cast<std::uint64_t>(duration.count()), "0s");
}

std::string decimalText(double number) {
  std::array<char, 400> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  return {digits.data(), end};
}

std::string likelyAmount(std::string_view text, std::span<const std::string_view> units,
                         std::string_view usual) {
  const std::optional<Amount> amount = split(text);
  if (!amount) return {};
  std::string_view rest = amount->unit;
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return std::string(amount->number()) + std::string(usual);
  std::string_view alike;   // the first with the same initial letter
  std::string_view prefix;  // the longest that is a prefix of the user's unit
  for (const std::string_view unit : units) {
    if (alike.empty() && lowerCase(unit.front()) == lowerCase(rest.front())) alike = unit;
    if (rest.starts_with(unit) && unit.size() > prefix.size()) prefix = unit;
  }
  const std::string_view best = prefix.empty() ? alike : prefix;
  return best.empty() ? std::string() : std::string(amount->number()) + std::string(best);
}

std::optional<Size> Size::parse(std::string_view text) {
  if (text == "0") return Size{};
  const std::optional<Amount> amount = split(text);
  if (!amount || !amount->fraction.empty()) return std::nullopt;
  const Unit* unit = findUnit(kSizeUnits, amount->unit);
  if (unit == nullptr) return std::nullopt;
  const std::optional<std::uint64_t> bytes =
      scaled(amount->whole, unit->amount, std::numeric_limits<std::uint64_t>::max());
  return bytes ? std::optional(Size{*bytes}) : std::nullopt;
}

std::string Size::text() const { return textOf(kSizeUnits, bytes, "0B"); }

std::optional<Rate> Rate::parse(std::string_view text) {
  if (text == "0") return Rate{};
  const std::optional<Amount> amount = split(text);
  if (!amount) return std::nullopt;
  const Unit* unit = findUnit(kRateUnits, amount->unit);
  const std::optional<double> count = decimalOf(amount->number());
  if (unit == nullptr || !count) return std::nullopt;
  return Rate{*count / static_cast<double>(unit->amount)};
}

std::string Rate::text() const {
  constexpr double kExact = 1e15;  // doubles represent integers up to here exactly
  for (const Unit& unit : kRateUnits) {
    const auto seconds = static_cast<double>(unit.amount);
    const double count = std::round(per_second * seconds);
    if (count < kExact && count / seconds == per_second) {
      return decimalText(count) + std::string(unit.name);
    }
  }
  return decimalText(per_second) + "/s";
}

std::optional<Percent> Percent::parse(std::string_view text) {
  const std::optional<Amount> amount = split(text);
  if (!amount || amount->unit != "%") return std::nullopt;
  const std::optional<double> value = decimalOf(amount->number());
  return value ? std::optional(Percent{*value}) : std::nullopt;
}

std::string Percent::text() const { return decimalText(value) + "%"; }

std::optional<FileMode> FileMode::parse(std::string_view text) {
  constexpr std::size_t kDigits = 3;  // for owner, group and others
  if (text.size() == kDigits + 1 && text.starts_with('0')) text.remove_prefix(1);
  if (text.size() != kDigits) return std::nullopt;
  FileMode mode;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode.bits = mode.bits * 8 + static_cast<std::uint32_t>(c - '0');
  }
  return mode;
}

std::string FileMode::text() const {
  std::string text = "0";
  for (const unsigned shift : {6U, 3U, 0U}) text += static_cast<char>('0' + (bits >> shift) % 8);
  return text;
}

std::optional<Address> Address::parse(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) return parseUnix(text.substr(kUnix.size()));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint16_t> port = parseNumber<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !isIpv6(host) : !isHostName(host)) return std::nullopt;
  Address address;
  address.host = host;
  address.port = *port;
  return address;
}

std::string Address::text() const {
  if (isUnix()) return "unix:" + unix_path;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace weir::config
