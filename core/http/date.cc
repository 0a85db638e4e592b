#include "core/http/date.h"

#include <cstring>

namespace weir::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void putDigits(char* end, unsigned value, int digits) {
  for (; digits > 0; --digits, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string_view DateText::at(Nanoseconds now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const std::string_view text(text_.data(), text_.size());
  if (second == second_) return text;
  second_ = second;
  const std::chrono::sys_days day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(second));
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day.time_since_epoch());
  std::memcpy(text_.data(), "Day, 00 Mon 0000 00:00:00 GMT", text_.size());
  std::memcpy(text_.data(), &kDays[std::size_t{3} * std::chrono::weekday(day).c_encoding()], 3);
  std::memcpy(&text_[8], &kMonths[std::size_t{3} * (unsigned{date.month()} - 1)], 3);
  putDigits(&text_[7], unsigned{date.day()}, 2);
  putDigits(&text_[16], static_cast<unsigned>(int{date.year()}), 4);
  putDigits(&text_[19], static_cast<unsigned>(time.hours().count()), 2);
  putDigits(&text_[22], static_cast<unsigned>(time.minutes().count()), 2);
  putDigits(&text_[25], static_cast<unsigned>(time.seconds().count()), 2);
  return text;
}

}  // namespace weir::http
