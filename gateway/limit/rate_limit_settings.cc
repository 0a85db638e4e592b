#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/number.h"
#include "core/filter/registry.h"
#include "core/route/settings.h"
#include "gateway/limit/rate_limit.h"

// The settings of the filter rate_limit.
namespace weir::gateway {
namespace {

constexpr std::size_t kMostRules = 8;
constexpr std::pair<std::string_view, RateLimit::Missing> kMissingNames[] = {
    {"share", RateLimit::Missing::kShare},
    {"skip", RateLimit::Missing::kSkip},
    {"deny", RateLimit::Missing::kDeny},
};
constexpr std::pair<std::string_view, RateLimit::Enforcement> kEnforcementNames[] = {
    {"enforce", RateLimit::Enforcement::kEnforce},
    {"shadow", RateLimit::Enforcement::kShadow},
};
constexpr std::pair<std::string_view, RateLimit::Share> kShareNames[] = {
    {"none", RateLimit::Share::kNone},
    {"replicas", RateLimit::Share::kReplicas},
};
constexpr std::pair<std::string_view, LimitFields> kFieldsNames[] = {
    {"draft", LimitFields::kDraft},
    {"legacy", LimitFields::kLegacy},
    {"both", LimitFields::kBoth},
    {"off", LimitFields::kOff},
};

UnitRate unitRateOf(const config::Rate& rate, std::optional<std::uint32_t> burst) {
  constexpr double kSecond = 1e9;  // nanoseconds
  UnitRate units;
  units.interval = Nanoseconds(std::llround(kSecond / rate.per_second));
  units.burst =
      burst ? *burst : std::max<std::int64_t>(1, std::llround(std::floor(rate.per_second)));
  return units;
}

bool takesTooLong(const UnitRate& rate) { return rate.burst > UnitRate::kLongest / rate.interval; }

bool isLimiterName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

std::string CostVariables::replacement(const config::Value& older) {
  const auto* const number = older.as<std::int64_t>();
  return number == nullptr ? std::string() : std::to_string(*number);
}

void RateLimit::Rule::readLimits(config::Table& table, Rule& out) {
  table.read("rate", out.rate,
             "Rate at which requests are allowed, for each key. They need not be evenly spaced.",
             {.min = config::Rate{1.0 / 86'400}, .max = config::Rate{1'000'000}});
  table.read("burst", out.burst,
             "Number of requests that are allowed at once after a pause. Default: those of one "
             "second, at least 1.",
             {.min = 1});
  table.read("in_flight", out.in_flight,
             "Maximum number of requests of each key at the same time, instead of a rate.",
             {.min = 1});
  table.read("quota", out.quota,
             "Number of requests that are allowed in each hour, day, week or month of the calendar "
             "(UTC), instead of a rate.");
  readKey(table, out);
  table.read("plan", out.plan,
             "Name of the caller's plan in `limits`, an expression with a text as its result.");
  table.read("limits", out.plans,
             "Limits of some plans by their names: a rate, or a table with `rate` and `burst`, or "
             "`quota`. Callers with other plans, or without one, have the limit of this rule.");
}

void RateLimit::Plan::read(config::Table& table, Plan& out) {
  table.read("rate", out.rate, "Rate of the plan, as `rate` of the rule.",
             {.min = config::Rate{1.0 / 86'400}, .max = config::Rate{1'000'000}});
  table.read("burst", out.burst,
             "Number of requests at once, as `burst` of the rule. Default: those of one second, at "
             "least 1.",
             {.min = 1});
  table.read("quota", out.quota, "Quota of the plan, for the same period as `quota` of the rule.");
  table.exactlyOneOf({"rate", "quota"});
}

void RateLimit::Rule::readKey(config::Table& table, Rule& out) {
  table.read("key", out.key,
             "Parts of the request that distinguish callers: `client_address`, `method`, `route`, "
             "`identity` (of the client's certificate), `consumer`, `header:NAME`, `cookie:NAME`, "
             "or an expression with a text as its result. An empty list: all requests share the "
             "limit.");
  table.read("prefix4", out.prefix4,
             "Number of bits of an IPv4 address that count for `client_address`.",
             {.min = 1, .max = 32});
  table.read("prefix6", out.prefix6,
             "Number of bits of an IPv6 address that count for `client_address`. One client "
             "usually has 64 bits or more for itself.",
             {.min = 1, .max = 128});
  table.read("missing", out.missing, kMissingNames,
             "Treatment of requests without a part of the key: they share one limit, are not "
             "limited, or are refused.");
  table.read("cost", out.cost,
             "Number of units of the rate that a request takes, an expression with an int as its "
             "result. 0 takes none, and a negative number gives units back. Default, and if the "
             "evaluation fails: 1.");
}

void RateLimit::Rule::read(config::Table& table, Rule& out) {
  readLimits(table, out);
  table.exactlyOneOf({"rate", "quota", "in_flight"});
  out.complete(table);
}

// Sets what follows from the settings, and checks them together.
void RateLimit::Rule::complete(config::Table& table) {
  compiled_key = LimitKey::read(key, prefix4, prefix6, table, "key");
  spec = {};
  spec.in_flight = in_flight.value_or(0);
  if (quota && burst) table.fail("burst", "only applies to a rate");
  if (quota) {
    spec.period = quota->period;
    spec.rate = QuotaTime::rateOf(quota->units);
  } else if (rate) {
    completeRate(table);
  } else {
    checkInFlight(table);
  }
  if (!spec.rate) return;
  completePlans(table);
  const auto constant = parseNumber<std::int64_t>(cost.text());
  if (constant && *constant > spec.rate->burst) {
    table.warn("cost", quota ? "exceeds `quota`: every request is refused"
                             : "exceeds `burst`: every request is refused");
  }
}

void RateLimit::Rule::completeRate(config::Table& table) {
  if (rate->per_second <= 0) return;  // was reported when it was read
  spec.rate = unitRateOf(*rate, burst);
  if (!takesTooLong(*spec.rate)) return;
  spec.rate->burst = 1;
  table.fail("burst", "takes more than a year to be available again at this rate");
}

void RateLimit::Rule::checkInFlight(config::Table& table) {
  if (table.has("rate") || table.has("quota")) return;  // it is malformed, and was reported
  for (const std::string_view each : {"burst", "cost", "plan", "limits"}) {
    if (table.has(each)) table.fail(each, "only applies to a rate or a quota");
  }
}

void RateLimit::Rule::completePlans(config::Table& table) {
  if (plan.given() == plans.empty()) {
    table.fail(plan.given() ? "plan" : "limits", "`plan` and `limits` belong together");
  }
  for (const auto& [name, each] : plans) {
    if (!isLimiterName(name)) {
      table.fail("limits", "names may contain only letters, digits, \".\", \"_\" and \"-\"");
    }
    if (const auto units = each.units(quota, table)) spec.plans.emplace_back(name, *units);
  }
}

// `of_rule`: the quota of the rule, if it has one.
std::optional<UnitRate> RateLimit::Plan::units(const std::optional<Quota>& of_rule,
                                               config::Table& table) const {
  if (of_rule) {
    if (quota && quota->period == of_rule->period) return QuotaTime::rateOf(quota->units);
    table.fail("limits", "must be quotas for the period of `quota`");
    return std::nullopt;
  }
  if (quota) table.fail("limits", "must be rates");
  if (!rate || rate->per_second <= 0) return std::nullopt;  // was reported when it was read
  const UnitRate units = unitRateOf(*rate, burst);
  if (!takesTooLong(units)) return units;
  table.fail("limits", "contains a `burst` that takes more than a year to be available again");
  return std::nullopt;
}

bool RateLimit::readsPrincipal(const Config& config) {
  return std::ranges::any_of(config.effective(), [](const Rule& rule) {
    return filter::namesPrincipal(rule.cost.text()) || filter::namesPrincipal(rule.plan.text()) ||
           std::ranges::any_of(rule.key, filter::namesPrincipal);
  });
}

// How instances share the limits.
void RateLimit::Config::readShared(config::Table& table, Config& out) {
  table.read("redis", out.redis,
             "Server that holds the counts of the rates for all instances of weir. Requests in "
             "flight are counted by each instance. Default: each instance counts for itself.");
  table.read("share", out.share, kShareNames,
             "Share of each rate and quota that this instance admits: all of it, or an equal share "
             "of those of all instances that `peers` lists (`replicas`).");
  table.read("peers", out.peers,
             "Upstream whose endpoints are all instances of weir, this one included, for "
             "`share = \"replicas\"`. It needs no other use.");
  table.locate(out.peers_origin, "peers");
  if ((out.share == Share::kReplicas) != out.peers.has_value()) {
    table.fail(out.peers ? "peers" : "share", "`share = \"replicas\"` and `peers` belong together");
  }
  if (out.peers) table.atMostOneOf({"redis", "peers"});
  if (out.redis && !out.name)
    table.fail("redis", "needs a `name`, which the instances have in common");
  if (out.leases() && (out.delay > Milliseconds(0) || !out.statuses.empty())) {
    table.fail("redis",
               "`accuracy = \"fast\"` cannot be combined with `delay` or `count_statuses`");
  }
}

void RateLimit::Config::read(config::Table& table, Config& out) {
  Rule::readLimits(table, out.rule);
  table.read("rules", out.rules,
             "Several limits that must all allow a request, instead of one. A request that one of "
             "them refuses is not counted by the others.",
             {.min_size = 1, .max_size = kMostRules});
  table.read("name", out.name,
             "Name of the limit in metrics and for clients. Filters with the same name and equal "
             "limits share their counts, which a reload keeps. Default: each route has counts of "
             "its own, and the name is `default`.",
             {.min_size = 1, .max_size = 64});
  table.read("max_keys", out.max_keys,
             "Number of keys for which there is room, at 16 bytes for each rule. Only keys that "
             "have used a part of their limit need room; if there is none, the one that has used "
             "the least is forgotten.",
             {.min = 8, .max = 1 << 24});
  table.read("mode", out.enforcement, kEnforcementNames,
             "Whether requests are refused, or only counted in the metrics.");
  table.read("enforce", out.enforced,
             "Share of the requests over the limit that are refused, chosen at random; the others "
             "are counted as in shadow mode.",
             {.min = config::Percent{0}, .max = config::Percent{100}});
  table.read(
      "delay", out.delay,
      "Longest time for which a request over the rate waits until the rate allows it, instead "
      "of being refused.",
      {.min = Milliseconds(0), .max = std::chrono::minutes(1)});
  table.read(
      "max_delayed", out.max_delayed,
      "Maximum number of requests that wait for `delay` at the same time; others are refused.",
      {.min = 1, .max = 100'000});
  table.read(
      "count_statuses", out.statuses,
      "Statuses of responses that count, such as [401, 403] against the guessing of passwords: "
      "others take nothing. Default: each request counts.",
      {.min = 100, .max = 599, .max_size = 64});
  table.read("skip", out.skip, "Address ranges of clients that are not limited.");
  table.read("headers", out.fields, kFieldsNames,
             "Response headers about the rest of the limit: RateLimit and RateLimit-Policy "
             "(`draft`), X-RateLimit-* (`legacy`), both or none. A refusal has Retry-After in any "
             "case.");
  readShared(table, out);
  table.exactlyOneOf({"rate", "quota", "in_flight", "rules"});
  if (out.delay > Milliseconds(0) && !out.statuses.empty()) {
    table.fail("delay", "cannot be combined with `count_statuses`");
  }
  if (out.name && !isLimiterName(*out.name)) {
    table.fail("name", "may contain only letters, digits, \".\", \"_\" and \"-\"");
  }
  for (const std::string_view each :
       {"burst", "key", "prefix4", "prefix6", "missing", "cost", "plan", "limits"}) {
    if (!out.rules.empty() && table.has(each))
      table.fail(each, "belongs to the elements of `rules`");
  }
  if (out.rules.empty()) out.rule.complete(table);
  out.texts = PolicyTexts(out.label(), out.spec().rules);
}

LimiterSpec RateLimit::Config::spec() const {
  LimiterSpec spec{
      .id = id, .shared = name.has_value(), .max_keys = max_keys, .leases = leases(), .rules = {}};
  for (const Rule& each : effective()) spec.rules.push_back(each.spec);
  return spec;
}

FleetCounts RateLimit::Config::fleetCounts() const {
  // In a cluster, the counts of a request must be in one slot: that of its key, if there is only
  // one, or that of the limit.
  const LimitKey* first = nullptr;
  const bool one_key = std::ranges::all_of(effective(), [&](const Rule& each) {
    if (each.in_flight) return true;
    if (first == nullptr) first = &each.compiled_key;
    return each.compiled_key == *first;
  });
  const std::string text(label());
  return {redis->server.prefix + ":rl:" + (one_key ? text : "{" + text + "}") + ":", one_key};
}

void RateLimit::check(Config& config, filter::References& references,
                      config::Diagnostics& diagnostics) {
  config.id = references.name(config.label());
  if (config.redis) config.redis->check(references, diagnostics);
  if (config.peers) {
    config.peers_id = references.upstream(*config.peers, "peers", config.peers_origin, diagnostics);
  }
}

}  // namespace weir::gateway
