#include "gateway/limit/quota.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "core/base/number.h"

namespace weir::gateway {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::sys_days;

constexpr std::pair<std::string_view, Quota::Period> kPeriodNames[] = {
    {"hour", Quota::Period::kHour},
    {"day", Quota::Period::kDay},
    {"week", Quota::Period::kWeek},
    {"month", Quota::Period::kMonth},
};

// Windows of equal length. The first one begins `shift` before 1970.
QuotaWindow equalWindow(Nanoseconds length, Nanoseconds shift, Nanoseconds time) {
  const Nanoseconds shifted = time + shift;
  return {shifted / length, length - shifted % length};
}

QuotaWindow month(Nanoseconds time) {
  using std::chrono::year_month;
  constexpr int kMonths = 12;
  const std::chrono::year_month_day day(sys_days(floor<days>(time)));
  const year_month now = day.year() / day.month();
  const sys_days next((now + std::chrono::months(1)) / 1);
  const std::int64_t number =
      static_cast<int>(now.year()) * std::int64_t{kMonths} + static_cast<unsigned>(now.month());
  return {number, Nanoseconds(next.time_since_epoch()) - time};
}

}  // namespace

std::optional<Quota> Quota::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto units = parseNumber<std::int64_t>(text.substr(0, slash));
  if (!units || *units < 1 || *units > kMostUnits) return std::nullopt;
  for (const auto& [name, period] : kPeriodNames) {
    if (text.substr(slash + 1) == name) return Quota{*units, period};
  }
  return std::nullopt;
}

std::string Quota::text() const {
  for (const auto& [name, each] : kPeriodNames) {
    if (each == period) return std::to_string(units) + "/" + std::string(name);
  }
  return {};
}

QuotaWindow QuotaWindow::at(Quota::Period period, Nanoseconds time) {
  switch (period) {
    case Quota::Period::kHour:
      return equalWindow(hours(1), {}, time);
    case Quota::Period::kDay:
      return equalWindow(days(1), {}, time);
    case Quota::Period::kWeek:
      return equalWindow(days(7), days(3), time);  // 1970 began on a Thursday
    case Quota::Period::kMonth:
      break;
  }
  return month(time);
}

std::int64_t secondsOf(Quota::Period period) {
  constexpr std::int64_t kSeconds[] = {3'600, 86'400, 7 * 86'400, 30 * 86'400};
  return kSeconds[static_cast<std::size_t>(period)];
}

}  // namespace weir::gateway
