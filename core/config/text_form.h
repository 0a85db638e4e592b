#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.h"
#include "core/config/units.h"

namespace weir::config {

// A type that is written as a string. It can be specialized in any header:
//   static constexpr std::string_view kName;      "address", in the reference
//   static constexpr std::string_view kExpected;  "an address such as \"10.0.0.1:80\""
//   static constexpr std::string_view kPattern;   anchored regular expression (ECMA), or empty
//   static std::optional<T> parse(std::string_view text);
//   static std::string text(const T& value);
// A type that is compared with Limits::min and max also has amount(), and may be a plain number:
//   static double amount(const T& value);           in the unit of Bound
//   static std::string amountText(double amount);
//   static std::optional<T> fromNumber(double number);
//   static constexpr bool kAnyNumber;               or only 0
//   static constexpr std::string_view kUnits[];     the usual one first
//   static constexpr double kDefaultMax;            where Limits::max is not given; may be missing
template <typename T>
struct TextForm;

template <typename T>
concept HasTextForm = requires {
  TextForm<T>::kExpected;
};
template <typename T>
concept HasAmount = requires(const T& value) {
  TextForm<T>::amount(value);
};

inline constexpr std::string_view kDurationPattern = R"(^(0|[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))$)";

template <typename Rep, typename Period>
struct TextForm<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;

  static constexpr std::string_view kName = "duration";
  static constexpr std::string_view kExpected =
      std::ratio_less_equal_v<Period, std::micro> ? "a duration such as \"250ms\""
      : std::ratio_less_v<Period, std::ratio<1>>
          ? "a duration such as \"250ms\", in whole milliseconds"
          : "a duration such as \"30s\", in whole seconds";
  static constexpr std::string_view kPattern = kDurationPattern;
  static constexpr std::string_view kUnits[] = {"s", "ms", "us", "ns", "m", "h", "d"};
  static constexpr bool kAnyNumber = false;

  static std::optional<Duration> parse(std::string_view text) {
    const std::optional<Nanoseconds> exact = parseDuration(text);
    if (!exact) return std::nullopt;
    const auto duration = std::chrono::duration_cast<Duration>(*exact);
    if (std::chrono::duration_cast<Nanoseconds>(duration) != *exact) return std::nullopt;
    return duration;
  }
  static std::optional<Duration> fromNumber(double number) {
    return number == 0 ? std::optional(Duration::zero()) : std::nullopt;
  }
  static std::string text(Duration value) { return durationText(value); }
  static double amount(Duration value) {
    return static_cast<double>(std::chrono::duration_cast<Nanoseconds>(value).count());
  }
  static std::string amountText(double amount) {
    return durationText(Nanoseconds(static_cast<std::int64_t>(amount)));
  }
};

template <>
struct TextForm<Size> {
  static constexpr std::string_view kName = "size";
  static constexpr std::string_view kExpected = "a size such as \"64KiB\"";
  static constexpr std::string_view kPattern = "^(0|[0-9]+(B|KiB|MiB|GiB|TiB))$";
  static constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  static constexpr bool kAnyNumber = false;

  static std::optional<Size> parse(std::string_view text) { return Size::parse(text); }
  static std::optional<Size> fromNumber(double number) {
    return number == 0 ? std::optional(Size{0}) : std::nullopt;
  }
  static std::string text(Size value) { return value.text(); }
  static double amount(Size value) { return static_cast<double>(value.bytes); }
  static std::string amountText(double amount) {
    return Size{static_cast<std::uint64_t>(amount)}.text();
  }
};

template <>
struct TextForm<Rate> {
  static constexpr std::string_view kName = "rate";
  static constexpr std::string_view kExpected = "a rate such as \"100/s\"";
  static constexpr std::string_view kPattern = R"(^(0|[0-9]+(\.[0-9]+)?/[smhd])$)";
  static constexpr std::string_view kUnits[] = {"/s", "/m", "/h", "/d"};
  static constexpr bool kAnyNumber = false;

  static std::optional<Rate> parse(std::string_view text) { return Rate::parse(text); }
  static std::optional<Rate> fromNumber(double number) {
    return number == 0 ? std::optional(Rate{0}) : std::nullopt;
  }
  static std::string text(Rate value) { return value.text(); }
  static double amount(Rate value) { return value.per_second; }
  static std::string amountText(double amount) { return Rate{amount}.text(); }
};

template <>
struct TextForm<Percent> {
  static constexpr std::string_view kName = "percentage";
  static constexpr std::string_view kExpected = "a percentage such as \"20%\" or 20";
  static constexpr std::string_view kPattern = R"(^[0-9]+(\.[0-9]+)?%$)";
  static constexpr std::string_view kUnits[] = {"%"};
  static constexpr bool kAnyNumber = true;
  static constexpr double kDefaultMax = 100;

  static std::optional<Percent> parse(std::string_view text) { return Percent::parse(text); }
  static std::optional<Percent> fromNumber(double number) {
    return std::isfinite(number) && number >= 0 ? std::optional(Percent{number}) : std::nullopt;
  }
  static std::string text(Percent value) { return value.text(); }
  static double amount(Percent value) { return value.value; }
  static std::string amountText(double amount) { return Percent{amount}.text(); }
};

template <>
struct TextForm<FileMode> {
  static constexpr std::string_view kName = "file mode";
  static constexpr std::string_view kExpected = "a file mode in octal such as \"0660\"";
  static constexpr std::string_view kPattern = "^0?[0-7]{3}$";

  static std::optional<FileMode> parse(std::string_view text) { return FileMode::parse(text); }
  static std::string text(const FileMode& value) { return value.text(); }
};

template <>
struct TextForm<Address> {
  static constexpr std::string_view kName = "address";
  static constexpr std::string_view kExpected =
      "an address such as \"10.0.0.1:80\", \":80\" or \"unix:/run/x.sock\"";
  static constexpr std::string_view kPattern = R"(^(unix:.+|.*:[0-9]{1,5})$)";

  static std::optional<Address> parse(std::string_view text) { return Address::parse(text); }
  static std::string text(const Address& value) { return value.text(); }
};

}  // namespace weir::config
