#include "gateway/limit/policy_texts.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/base/arena_writer.h"

namespace weir::gateway {
namespace {

struct Units {
  std::int64_t units;
  std::int64_t seconds;
};

// The rate as a whole number of units in one second, minute, hour or day.
Units quotaOf(const UnitRate& rate) {
  constexpr std::int64_t kPeriods[] = {1, 60, 3'600, 86'400};
  constexpr double kExact = 1e-6;
  const double interval = std::chrono::duration<double>(rate.interval).count();
  for (const std::int64_t seconds : kPeriods) {
    const double units = static_cast<double>(seconds) / interval;
    const double whole = std::round(units);
    if (whole >= 1 && std::abs(units - whole) <= kExact * whole) {
      return {static_cast<std::int64_t>(whole), seconds};
    }
  }
  const double units = static_cast<double>(kPeriods[3]) / interval;
  return {std::max<std::int64_t>(1, static_cast<std::int64_t>(units)), kPeriods[3]};
}

std::size_t tightestOf(std::span<const LimitStanding> standings) {
  const auto least = std::min_element(
      standings.begin(), standings.end(),
      [](const auto& one, const auto& other) { return one.remaining < other.remaining; });
  return static_cast<std::size_t>(least - standings.begin());
}

}  // namespace

std::uint64_t wholeSeconds(Nanoseconds time) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(time).count());
}

PolicyTexts::PolicyTexts(std::string_view name, std::span<const LimitSpec> rules)
    : exceeded_("the rate limit " + std::string(name) + " is exceeded"),
      key_missing_("the key of the rate limit " + std::string(name) + " is missing") {
  bool plans = false;
  for (const LimitSpec& rule : rules) {
    first_.push_back(static_cast<std::uint32_t>(policies_.size()));
    std::string title(name);
    if (rules.size() > 1) title += "-" + std::to_string(first_.size());
    addPolicy(title, rule, rule.rate ? &*rule.rate : nullptr);
    for (const auto& [plan, rate] : rule.plans) {
      addPolicy(std::string(title).append("-").append(plan), rule, &rate);
    }
    plans = plans || !rule.plans.empty();
  }
  if (plans) return;
  for (const Policy& policy : policies_) {
    if (!list_.empty()) list_ += ", ";
    list_ += policy.text;
  }
}

// `rate`: null for requests in flight.
void PolicyTexts::addPolicy(std::string name, const LimitSpec& rule, const UnitRate* rate) {
  Policy policy{std::move(name), rule.in_flight, {}};
  std::string parameters = ";qu=\"concurrent-requests\"";
  if (rate != nullptr) {
    const Units quota = rule.period ? Units{rate->burst, secondsOf(*rule.period)} : quotaOf(*rate);
    policy.quota = quota.units;
    parameters = ";w=" + std::to_string(quota.seconds);
  }
  policy.text = "\"" + policy.name + "\";q=" + std::to_string(policy.quota) + parameters;
  longest_ = std::max({longest_, policy.name.size(), policy.text.size()});
  policies_.push_back(std::move(policy));
}

// The value of RateLimit-Policy for a caller.
std::string_view PolicyTexts::listOf(std::span<const LimitStanding> standings, Arena& arena) const {
  if (!list_.empty()) return list_;
  ArenaWriter out(arena, roomFor(standings.size()));
  for (const LimitStanding& standing : standings) {
    if (&standing != standings.data()) out.put(", ");
    out.put(policies_[standing.policy].text);
  }
  return out.text();
}

// The value of RateLimit, the tightest limit first.
std::string_view PolicyTexts::current(std::span<const LimitStanding> standings,
                                      std::size_t tightest, Arena& arena) const {
  ArenaWriter out(arena, roomFor(standings.size()));
  for (std::size_t i = 0; i < standings.size(); ++i) {
    const std::size_t at = i == 0 ? tightest : i <= tightest ? i - 1 : i;
    const LimitStanding& standing = standings[at];
    if (i > 0) out.put(", ");
    out.put('"').put(policies_[standing.policy].name).put("\";r=");
    out.number(static_cast<std::uint64_t>(standing.remaining));
    if (standing.reset) out.put(";t=").number(wholeSeconds(*standing.reset));
  }
  return out.text();
}

void PolicyTexts::addTo(http::Headers& headers, LimitFields fields,
                        std::span<const LimitStanding> standings) const {
  if (standings.empty() || fields == LimitFields::kOff) return;
  using http::HeaderId;
  const std::size_t tightest = tightestOf(standings);
  if (fields != LimitFields::kLegacy) {
    headers.add(HeaderId::kOther, "ratelimit-policy", listOf(standings, headers.arena()));
    headers.add(HeaderId::kOther, "ratelimit", current(standings, tightest, headers.arena()));
  }
  if (fields == LimitFields::kDraft) return;
  const LimitStanding& standing = standings[tightest];
  const auto number = [&](std::uint64_t value) {
    constexpr std::size_t kDigits = 20;
    return ArenaWriter(headers.arena(), kDigits).number(value).text();
  };
  headers.add(HeaderId::kOther, "x-ratelimit-limit",
              number(static_cast<std::uint64_t>(policies_[standing.policy].quota)));
  headers.add(HeaderId::kOther, "x-ratelimit-remaining",
              number(static_cast<std::uint64_t>(standing.remaining)));
  if (!standing.reset) return;
  headers.add(HeaderId::kOther, "x-ratelimit-reset", number(wholeSeconds(*standing.reset)));
}

std::string_view PolicyTexts::problem(std::span<const LimitStanding> standings,
                                      Arena& arena) const {
  constexpr std::size_t kRoom = 256;
  ArenaWriter out(arena, kRoom + roomFor(standings.size()));
  out.put(
      "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\","
      "\"title\":\"Request cannot be satisfied as assigned quota has been exceeded\","
      "\"status\":429,\"violated-policies\":[");
  bool first = true;
  for (const LimitStanding& standing : standings) {
    if (standing.allowed) continue;
    if (!first) out.put(',');
    first = false;
    out.put('"').put(policies_[standing.policy].name).put('"');
  }
  out.put("]}\n");
  return out.text();
}

}  // namespace weir::gateway
