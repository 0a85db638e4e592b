#include "core/proxy/pushback.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "core/base/number.h"
#include "core/base/utc_time.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kPushback = "grpc-retry-pushback-ms";
constexpr std::string_view kRetryAfter = "retry-after";
constexpr std::int64_t kMostSeconds = 365 * 24 * 60 * 60;

// "2026-11-06T08:49:37Z" for "Fri, 06 Nov 2026 08:49:37 GMT"; empty if it is not such a date.
std::string isoOf(std::string_view date) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (date.size() != 29 || !date.ends_with(" GMT")) return {};
  const auto month = std::find(kMonths.begin(), kMonths.end(), date.substr(8, 3));
  if (month == kMonths.end()) return {};
  const std::string number = std::to_string(std::distance(kMonths.begin(), month) + 1);
  std::string text(date.substr(12, 4));
  text.append(number.size() == 1 ? "-0" : "-").append(number).append("-");
  text.append(date.substr(5, 2)).append("T").append(date.substr(17, 8)).append("Z");
  return text;
}

}  // namespace

std::optional<Milliseconds> retryAfter(std::string_view text, Nanoseconds now) {
  if (const auto seconds = parseNumber<std::int64_t>(text)) {
    return Milliseconds(1000 * std::min(*seconds, kMostSeconds));
  }
  const auto time = UtcTime::parse(isoOf(text));
  if (!time) return std::nullopt;
  return std::max(std::chrono::ceil<Milliseconds>(time->since_epoch - now), Milliseconds(0));
}

upstream::Tries::Retry pushback(const http::Response& response, Milliseconds most) {
  upstream::Tries::Retry retry;
  auto asked = response.trailers.get(kPushback);
  if (!asked) asked = response.headers.get(kPushback);
  if (asked) {
    const auto pause = parseNumber<std::uint32_t>(*asked);
    retry.refused = !pause;
    retry.pause = Milliseconds(pause.value_or(0));
  } else if (const auto text = response.headers.get(kRetryAfter)) {
    retry.pause = retryAfter(*text, wallClockNow()).value_or(Milliseconds(0));
  }
  retry.refused = retry.refused || retry.pause > most;
  return retry;
}

}  // namespace weir::proxy
