#include "core/base/utc_time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>

#include "core/base/number.h"

namespace weir {

std::optional<UtcTime> UtcTime::parse(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    return *parseNumber<unsigned>(text.substr(at, digits));
  };
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(number(5, 2)),
                                         std::chrono::day(number(8, 2))};
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) {
    return std::nullopt;
  }
  const std::chrono::sys_days day = date;
  const std::chrono::seconds at = day.time_since_epoch() + std::chrono::hours(number(11, 2)) +
                                  std::chrono::minutes(number(14, 2)) +
                                  std::chrono::seconds(number(17, 2));
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Nanoseconds::max());
  return UtcTime{std::clamp(at, std::chrono::seconds(0), kLast)};
}

std::string UtcTime::text() const {
  const auto stamp = static_cast<std::time_t>(
      std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count());
  std::tm parts{};
  ::gmtime_r(&stamp, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

std::string UtcTime::preciseText() const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto rest = std::chrono::floor<Milliseconds>(since_epoch - seconds).count();
  std::string text = UtcTime{seconds}.text();
  text.back() = '.';
  return text + std::to_string(1'000 + rest).substr(1) + "Z";
}

}  // namespace weir
