#include "gateway/limit/rate_limit.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/proxy/grpc.h"
#include "gateway/limit/metrics.h"

namespace weir::gateway {
namespace {

constexpr int kTooManyRequests = 429;  // RFC 6585, 4
constexpr int kResourceExhausted = 8;  // of gRPC
constexpr std::string_view kProblem = "application/problem+json";

// How long a request that is allowed has to wait.
Nanoseconds delayOf(std::span<const RateClaim> claims) {
  Nanoseconds delay{0};
  for (const RateClaim& claim : claims) {
    if (claim.waiting == 0) continue;
    const Nanoseconds window = claim.rate.interval * (claim.rate.burst - claim.waiting);
    delay = std::max(delay, claim.decision.until_full - window);
  }
  return delay;
}

LimitStanding standingOf(const RateClaim& claim) {
  const Decision& decision = claim.decision;
  const std::int64_t remaining = std::max<std::int64_t>(0, decision.remaining - claim.waiting);
  LimitStanding standing{claim.policy, decision.allowed, remaining, decision.until_full};
  if (claim.quota) {
    standing.reset = claim.quota->left;
  } else if (remaining == 0) {
    const Nanoseconds window = claim.rate.interval * (claim.rate.burst - claim.waiting);
    standing.reset = decision.until_full - window + claim.rate.interval;
  }
  return standing;
}

LimitStanding standingOf(const InFlightClaim& claim) {
  const std::int64_t used = std::int64_t{claim.entry.others} + (claim.entry.allowed ? 1 : 0);
  return {claim.policy, claim.entry.allowed, std::max<std::int64_t>(0, claim.most - used), {}};
}

// The time after which a refused request would be allowed. Nothing if that is not known, or never.
std::optional<Nanoseconds> retryAfter(std::span<const RateClaim> claims) {
  Nanoseconds longest{0};
  for (const RateClaim& claim : claims) {
    if (claim.decision.allowed) continue;
    if (claim.decision.retry_after == Nanoseconds(0)) return std::nullopt;
    longest = std::max(longest, claim.quota ? claim.quota->left : claim.decision.retry_after);
  }
  return longest > Nanoseconds(0) ? std::optional(longest) : std::nullopt;
}

template <typename T>
std::span<T> arenaSpan(Arena& arena, std::size_t count) {
  if (count == 0) return {};
  T* const first = arena.array<T>(count);
  std::uninitialized_value_construct_n(first, count);
  return {first, count};
}

}  // namespace

RateLimit::Shared::Shared(const Config& config, const filter::SharedTools& tools)
    : tools_(tools),
      limiters_(tools.commons.get<Limiters>()),
      limiter_(limiters_.get(config.spec(), tools.loop.now())),
      peers_(config.peers_id),
      share_(peers_ == 0 ? Gauge() : tools.metrics.gauge(limitShareKey(config.id))),
      count_(tools.loop.wheel(), *this),
      look_(tools.loop.wheel(), *this) {}

void RateLimit::Shared::start(const filter::Publish<Counts>& publish,
                              const std::function<void()>& ready) {
  publish_ = publish;
  if (peers_ != 0) onLook();
  publish_(std::make_shared<const Counts>(Counts{limiter_, replicas_.value()}));
  ready();
  count_.arm(kCount);
}

// Follows the list of instances.
void RateLimit::Shared::onLook() {
  look_.arm(kLook);
  const bool changed = replicas_.update(tools_.dialer.endpoints(peers_), tools_.loop.now());
  share_.set(replicas_.value());
  if (changed) publish_(std::make_shared<const Counts>(Counts{limiter_, replicas_.value()}));
}

void RateLimit::Shared::onCount() {
  limiters_.count(tools_.loop.now(), tools_.metrics);
  count_.arm(kCount);
}

RateLimit::Local::Local(const Config& config, const filter::LocalTools& tools)
    : loop(tools.loop),
      random(tools.random),
      allowed(tools.metrics.counter(limitDecisionsKey(config.id, LimitDecision::kAllow))),
      denied(tools.metrics.counter(limitDecisionsKey(config.id, LimitDecision::kDeny))),
      would_deny(tools.metrics.counter(limitDecisionsKey(config.id, LimitDecision::kShadowDeny))),
      evicted(tools.metrics.counter(limitEvictionsKey(config.id))) {
  if (config.delay > Milliseconds(0)) {
    delayed = tools.metrics.counter(limitDecisionsKey(config.id, LimitDecision::kDelay));
    delay = tools.metrics.histogram(limitDelayKey(config.id));
  }
  if (!config.redis) return;
  constexpr LimitDecision kAlone[] = {LimitDecision::kErrorLocal, LimitDecision::kErrorAllow,
                                      LimitDecision::kErrorDeny};
  fleet = tools.commons.get<Fleets>().use(config.redis->server, tools);
  fleet_hash = config.redis->hash();
  fleet_counts = config.fleetCounts();
  alone = tools.metrics.counter(
      limitDecisionsKey(config.id, kAlone[static_cast<std::size_t>(config.redis->on_error)]));
  asked = tools.metrics.histogram(limitRedisDurationKey(config.id));
  if (!config.leases()) return;
  leases = std::make_unique<Leases>(fleet->fleet(), loop, fleet_counts, asked);
}

void RateLimit::Local::onSnapshot(const std::shared_ptr<const Counts>& snapshot) {
  limiter = snapshot->limiter;
  replicas = snapshot->replicas;
  if (leases != nullptr) leases->use(limiter);
  // The limiters of a process have one hash, and each process has another.
  if (fleet != nullptr) fleet->fleet().join(std::to_string(limiter->hash()("instance")));
}

bool RateLimit::skips() const {
  if (local_.limiter == nullptr) return true;
  if (config_.skip.empty()) return false;
  const IpAddress client = control_.clientIp();
  return std::any_of(config_.skip.begin(), config_.skip.end(),
                     [&](const IpRange& range) { return range.contains(client); });
}

std::int64_t RateLimit::costOf(const Rule& rule) const {
  if (!rule.cost.given()) return 1;
  const expr::Value cost = rule.cost.program().evaluate(control_.facts(), control_.arena());
  return cost.kind() == expr::Kind::kInt ? cost.integer() : 1;
}

RateLimit::Claims RateLimit::claimsOf(const http::Request& request) const {
  const Limiter& limiter = *local_.limiter;
  const std::span<const Rule> rules = config_.effective();
  const NameId scope = config_.name ? 0 : control_.route();
  const KeyedHash& hash = local_.fleet_hash ? *local_.fleet_hash : limiter.hash();
  Claims claims;
  claims.rates = arenaSpan<RateClaim>(control_.arena(), rules.size());
  const auto in_flight = [](const Rule& rule) { return rule.in_flight.has_value(); };
  const auto places = std::count_if(rules.begin(), rules.end(), in_flight);
  claims.places = arenaSpan<InFlightClaim>(control_.arena(), static_cast<std::size_t>(places));
  std::size_t rates_used = 0;
  std::size_t places_used = 0;
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const auto key = rule.compiled_key.hash(request, control_, hash, scope);
    if (!key.complete && rule.missing == Missing::kSkip) continue;
    if (!key.complete && rule.missing == Missing::kDeny) claims.denied = true;
    if (rule.in_flight) {
      claims.places[places_used++] = {&limiter.inFlight(i), key.value, *rule.in_flight,
                                      config_.texts.policyOf(i, 0)};
    } else {
      claims.rates[rates_used++] = claimOf(i, key.value);
    }
  }
  claims.rates = claims.rates.first(rates_used);
  claims.places = claims.places.first(places_used);
  return claims;
}

RateClaim RateLimit::claimOf(std::uint32_t rule, std::uint64_t key) const {
  const Rule& settings = config_.effective()[rule];
  const std::size_t plan = planOf(settings);
  RateClaim claim{&local_.limiter->rates(rule), key, *settings.spec.rate};
  if (plan > 0) claim.rate = settings.spec.plans[plan - 1].second;
  claim.cost = costOf(settings);
  claim.rule = rule;
  claim.policy = config_.texts.policyOf(rule, plan);
  if (settings.spec.period) {
    const QuotaWindow window = QuotaWindow::at(*settings.spec.period, wallClockNow());
    claim.quota = {QuotaTime::baseOf(window.number), window.number, window.left};
  } else if (config_.delay > Milliseconds(0)) {
    claim.waiting = config_.delay / claim.rate.interval;
    claim.rate.burst += claim.waiting;
  }
  return claim;
}

// The number of the caller's plan, counted from 1; 0: the rule's own limit.
std::size_t RateLimit::planOf(const Rule& rule) const {
  if (rule.spec.plans.empty()) return 0;
  const expr::Value plan = rule.plan.program().evaluate(control_.facts(), control_.arena());
  if (plan.kind() != expr::Kind::kString) return 0;
  const auto& plans = rule.spec.plans;
  const auto found =
      std::lower_bound(plans.begin(), plans.end(), plan.text(),
                       [](const auto& each, std::string_view name) { return each.first < name; });
  if (found == plans.end() || found->first != plan.text()) return 0;
  return static_cast<std::size_t>(found - plans.begin()) + 1;
}

// Counts the request in flight, or nothing.
bool RateLimit::enter(const Claims& claims) {
  places_ = claims.places;
  bool allowed = true;
  for (InFlightClaim& claim : places_) {
    claim.entry = claim.table->enter(claim.key, claim.most);
    allowed = allowed && claim.entry.allowed;
  }
  if (!allowed) leave();
  return allowed;
}

// Takes what the claims need, or nothing.
bool RateLimit::take(const Claims& claims) {
  if (!enter(claims)) {
    for (RateClaim& claim : claims.rates) {
      if (local_.replicas > 1) reduceToShare(claim, local_.replicas);
      claim.look(local_.loop.now());
    }
    return false;
  }
  const bool allowed = claims.rates.empty() || decide(claims.rates);
  if (!allowed) leave();
  return allowed;
}

// Decides about the rates. What depends on the response is only looked at.
bool RateLimit::decide(std::span<RateClaim> claims) {
  const Nanoseconds now = local_.loop.now();
  if (local_.replicas > 1) {
    for (RateClaim& claim : claims) reduceToShare(claim, local_.replicas);
  }
  if (config_.statuses.empty()) return takeAll(claims, now);
  later_ = claims;
  bool allowed = true;
  for (RateClaim& claim : claims) {
    claim.look(now);
    allowed = allowed && claim.decision.allowed;
  }
  return allowed;
}

// Takes what depends on the response.
void RateLimit::charge() {
  if (ask_ != nullptr && ask_decides_) return chargeFleet();
  for (RateClaim& claim : later_) claim.take(local_.loop.now());
  later_ = {};
}

// Keeps the state of the limits for the response, and counts the evicted keys.
void RateLimit::note(const Claims& claims) {
  for (const RateClaim& claim : claims.rates) {
    if (claim.decision.evicted) local_.evicted.add();
  }
  for (const InFlightClaim& claim : claims.places) {
    if (claim.entry.uncounted) local_.evicted.add();
  }
  if (config_.enforcement == Enforcement::kShadow) return;
  standings_ =
      arenaSpan<LimitStanding>(control_.arena(), claims.rates.size() + claims.places.size());
  auto* to = standings_.data();
  for (const RateClaim& claim : claims.rates) *to++ = standingOf(claim);
  for (const InFlightClaim& claim : claims.places) *to++ = standingOf(claim);
}

filter::Verdict RateLimit::onRequest(http::Request& request) {
  if (skips()) return filter::Verdict::proceed();
  const Claims claims = claimsOf(request);
  if (claims.denied) return conclude(request, claims, false, local_.allowed);
  if (local_.fleet != nullptr && !claims.rates.empty()) return ask(request, claims);
  const bool allowed = take(claims);
  note(claims);
  return conclude(request, claims, allowed, local_.allowed);
}

// `counter`: of requests that are allowed.
filter::Verdict RateLimit::conclude(const http::Request& request, const Claims& claims,
                                    bool allowed, const Counter& counter) {
  if (allowed) {
    const Nanoseconds delay = delayOf(claims.rates);
    if (delay == Nanoseconds(0) || config_.enforcement == Enforcement::kShadow) {
      counter.add();
      return filter::Verdict::proceed();
    }
    constexpr std::uint64_t kKey = 1;
    wait_ = local_.limiter->waiting().enter(kKey, config_.max_delayed).place;
    if (wait_) return wait(delay);
    giveUpDelay(claims);
  }
  later_ = {};
  if (!enforces()) {
    local_.would_deny.add();
    return filter::Verdict::proceed();
  }
  local_.denied.add();
  return refuse(request, claims);
}

filter::Verdict RateLimit::wait(Nanoseconds delay) const {
  local_.delayed.add();
  local_.delay.observe(delay);
  return filter::Verdict::wait(std::chrono::ceil<Milliseconds>(delay), Reason::kRateLimited);
}

// Refuses an allowed request, because too many requests wait.
void RateLimit::giveUpDelay(const Claims& claims) {
  leave();
  for (RateClaim& claim : claims.rates) {
    if (claim.taken.slot) RateTable::giveBack(claim.taken, claim.at(local_.loop.now()));
    claim.decision.allowed = false;
    claim.decision.retry_after = delayOf({&claim, 1});
  }
}

filter::Verdict RateLimit::onWaitExpired(filter::Side, Reason) {
  if (!wait_) return onAnswerOverdue();
  InFlightTable::leave(std::exchange(wait_, {}));
  return filter::Verdict::proceed();
}

bool RateLimit::enforces() {
  if (config_.enforcement == Enforcement::kShadow) return false;
  constexpr double kAll = 1;
  const double share = config_.enforced.fraction();
  return share >= kAll || local_.random.unit() < share;
}

filter::Verdict RateLimit::refuse(const http::Request& request, const Claims& claims) const {
  Arena& arena = control_.arena();
  filter::LocalReply reply{.status = kTooManyRequests, .reason = Reason::kRateLimited};
  reply.detail = claims.denied ? config_.texts.keyMissing() : config_.texts.exceeded();
  reply.grpc_status = kResourceExhausted;
  reply.body = config_.texts.problem(standings_, arena);
  reply.content_type = kProblem;
  const auto after = retryAfter(claims.rates);
  if (!after) return filter::Verdict::reply(reply);
  reply.headers.emplace(arena);
  const auto number = [&](std::uint64_t value) {
    return ArenaWriter(arena, std::numeric_limits<std::uint64_t>::digits10 + 1)
        .number(value)
        .text();
  };
  reply.headers->add(http::HeaderId::kRetryAfter, number(wholeSeconds(*after)));
  if (proxy::isGrpc(request)) {
    const auto pause = std::chrono::ceil<Milliseconds>(*after);
    reply.headers->add("grpc-retry-pushback-ms", number(static_cast<std::uint64_t>(pause.count())));
  }
  return filter::Verdict::reply(reply);
}

void RateLimit::onEnd(http::Response& response) {
  const auto& statuses = config_.statuses;
  if (!later_.empty() &&
      std::find(statuses.begin(), statuses.end(), response.status) != statuses.end()) {
    charge();
  }
  addFields(response);
}

void RateLimit::addFields(http::Response& response) const {
  // Clients may take few remaining units as a reason not to follow a redirect.
  const bool redirect = response.status >= 300 && response.status < 400;
  if (!redirect) config_.texts.addTo(response.headers, config_.fields, standings_);
}

void RateLimit::leave() {
  for (InFlightClaim& claim : places_) InFlightTable::leave(claim.entry.place);
  places_ = {};
}

}  // namespace weir::gateway
