#include "gateway/resilience/fault_headers.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/number.h"
#include "core/config/units.h"
#include "core/filter/verdict.h"

namespace weir::gateway {
namespace {

std::optional<int> numberFrom(std::string_view text, int least, int most) {
  const auto number = parseNumber<int>(text);
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

std::optional<Milliseconds> within(Milliseconds time) {
  const bool valid = time >= Milliseconds(1) && time <= filter::Verdict::kLongestWait;
  return valid ? std::optional(time) : std::nullopt;
}

void setDelay(FaultWishes& wishes, std::string_view text) {
  const auto time = config::parseDuration(text);
  if (time) wishes.delay = within(std::chrono::ceil<Milliseconds>(*time));
}

void setDelayInMs(FaultWishes& wishes, std::string_view text) {
  const auto number = parseNumber<std::uint32_t>(text);
  if (number) wishes.delay = within(Milliseconds(*number));
}

void setAbort(FaultWishes& wishes, std::string_view text) {
  wishes.status = numberFrom(text, 400, 599);
}

void setGrpcAbort(FaultWishes& wishes, std::string_view text) {
  wishes.grpc_status = numberFrom(text, 1, 16);
}

double shareFrom(std::string_view text) {
  const auto percent = numberFrom(text, 0, 100);
  return percent ? static_cast<double>(*percent) / 100 : 1;
}

void setDelayShare(FaultWishes& wishes, std::string_view text) {
  wishes.delay_share = shareFrom(text);
}

void setAbortShare(FaultWishes& wishes, std::string_view text) {
  wishes.abort_share = shareFrom(text);
}

struct FaultField {
  std::string_view name;
  void (*set)(FaultWishes& wishes, std::string_view text);
};
constexpr std::array<FaultField, 9> kFaultFields = {{
    {"x-weir-fault-delay", &setDelay},
    {"x-weir-fault-delay-percent", &setDelayShare},
    {"x-weir-fault-abort", &setAbort},
    {"x-weir-fault-abort-percent", &setAbortShare},
    {"x-envoy-fault-delay-request", &setDelayInMs},
    {"x-envoy-fault-delay-request-percentage", &setDelayShare},
    {"x-envoy-fault-abort-request", &setAbort},
    {"x-envoy-fault-abort-grpc-request", &setGrpcAbort},
    {"x-envoy-fault-abort-request-percentage", &setAbortShare},
}};

}  // namespace

FaultWishes takeFaultHeaders(http::Headers& headers) {
  FaultWishes wishes;
  headers.removeIf([&](const http::Header& field) {
    const auto known = std::find_if(
        kFaultFields.begin(), kFaultFields.end(),
        [&](const FaultField& each) { return http::equalsIgnoringCase(each.name, field.name); });
    if (known == kFaultFields.end()) return false;
    known->set(wishes, field.value);
    return true;
  });
  return wishes;
}

}  // namespace weir::gateway
