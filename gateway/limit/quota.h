#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/config/text_form.h"

namespace weir::gateway {

// A number of units in each hour, day, week (from Monday) or month of the calendar, in UTC.
struct Quota {
  enum class Period : std::uint8_t { kHour, kDay, kWeek, kMonth };
  static constexpr std::int64_t kMostUnits = std::int64_t{1} << 31;

  std::int64_t units = 1;
  Period period = Period::kDay;

  static std::optional<Quota> parse(std::string_view text);  // "10000/day"
  std::string text() const;
  friend auto operator<=>(const Quota&, const Quota&) = default;
};

// An hour, day, week or month.
struct QuotaWindow {
  std::int64_t number = 0;  // consecutive
  Nanoseconds left{0};      // until its end

  // The one at this time, since 1970 in UTC.
  static QuotaWindow at(Quota::Period period, Nanoseconds time);
};

// The length in seconds; of a month, 30 days.
std::int64_t secondsOf(Quota::Period period);

}  // namespace weir::gateway

namespace weir::config {

template <>
struct TextForm<gateway::Quota> {
  static constexpr std::string_view kName = "quota";
  static constexpr std::string_view kExpected =
      "a quota such as \"10000/day\", for an hour, day, week or month";
  static constexpr std::string_view kPattern = "^[0-9]+/(hour|day|week|month)$";

  static std::optional<gateway::Quota> parse(std::string_view text) {
    return gateway::Quota::parse(text);
  }
  static std::string text(const gateway::Quota& value) { return value.text(); }
};

}  // namespace weir::config
