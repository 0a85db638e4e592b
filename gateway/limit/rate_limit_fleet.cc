#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/limit/rate_limit.h"

// Decisions of the filter rate_limit that all instances share.
namespace weir::gateway {
namespace {

// The client ends a wait earlier, at its timeout.
constexpr Milliseconds kAfterTimeout{1'000};

constexpr std::string_view kServerAway = "the server of the rate limit did not respond";

}  // namespace

// The question of a request to the server. In the arena of the exchange.
class RateLimit::Ask final : public redis::Evaluation {
 public:
  struct Question {
    const http::Request& request;
    Claims claims;
    Nanoseconds begun{0};
    Taking taking = Taking::kTake;
  };
  Ask(RateLimit& filter, const Question& question) : filter_(filter), question_(question) {}
  Question& question() { return question_; }
  void onResult(const redis::Reply& reply) override { filter_.onAnswer(reply); }
  void onNoResult() override { filter_.onNoAnswer(); }

 private:
  RateLimit& filter_;
  Question question_;
};

filter::Verdict RateLimit::ask(const http::Request& request, Claims claims) {
  if (!enter(claims)) {
    claims.rates = {};  // what remains of them is not known
    note(claims);
    return conclude(request, claims, false, local_.allowed);
  }
  Taking taking = config_.statuses.empty() ? Taking::kTake : Taking::kLook;
  if (local_.leases != nullptr) {
    if (const auto allowed = local_.leases->decide(claims.rates, nodes())) {
      if (!*allowed) leave();
      note(claims);
      return conclude(request, claims, *allowed, local_.allowed);
    }
    local_.leases->ask(claims.rates, nodes());
    taking = Taking::kTakeMore;
  }
  if (config_.statuses.empty() && chargeAlone(claims.rates)) taking = Taking::kTakeMore;
  Arena& arena = control_.arena();
  const redis::Words words = fleetQuestion(claims.rates, local_.fleet_counts, taking, arena);
  auto* const place = reinterpret_cast<Ask*>(arena.allocate(sizeof(Ask), alignof(Ask)));
  const Ask::Question question{request, claims, local_.loop.eventTime(), taking};
  ask_ = std::construct_at(place, *this, question);
  if (!local_.fleet->fleet().servers().evaluate(words, *ask_)) {
    forgetAsk();
    return decideAlone(request, claims);
  }
  return filter::Verdict::wait(config_.redis->server.timeout + kAfterTimeout,
                               Reason::kRateLimitError);
}

// Charges the server with what this instance has admitted without it: the time without the server
// does not count as a pause of the caller. False if there is nothing, or no server.
bool RateLimit::chargeAlone(std::span<RateClaim> claims) const {
  const Nanoseconds now = local_.loop.now();
  const auto full = [&](const RateClaim& claim) {
    return claim.table->look(claim.key, claim.rate, 0, claim.at(now)).until_full == Nanoseconds(0);
  };
  if (std::all_of(claims.begin(), claims.end(), full)) return false;
  redis::Servers& servers = local_.fleet->fleet().servers();
  if (!servers.accepts(fleetKey(claims.front(), local_.fleet_counts, control_.arena())))
    return false;
  for (RateClaim& claim : claims) {
    claim.alone = claim.table->fill(claim.key, claim.at(now));
    if (claim.alone == Nanoseconds(0)) continue;
    RateClaim share = claim;
    reduceToShare(share, nodes());
    claim.lease = -((claim.alone + share.rate.interval - Nanoseconds(1)) / share.rate.interval);
  }
  return true;
}

std::uint32_t RateLimit::nodes() const {
  const std::uint32_t known = local_.fleet->fleet().nodes();
  return known > 0 ? known : config_.redis->nodes;
}

void RateLimit::onAnswer(const redis::Reply& reply) {
  Ask::Question& asked = ask_->question();
  local_.asked.observe(local_.loop.eventTime() - asked.begun);
  bool allowed = false;
  if (!readFleetReply(reply, asked.claims.rates, allowed, asked.taking)) {
    local_.fleet->fleet().noteRefusal(reply.text());
    return onNoAnswer();
  }
  asked.taking = Taking::kTake;
  if (local_.leases != nullptr) {
    allowed = local_.leases->onReply(asked.claims.rates, allowed);
  }
  ask_decides_ = true;
  if (!config_.statuses.empty()) later_ = asked.claims.rates;
  if (!allowed) leave();
  note(asked.claims);
  control_.resumeRequest(conclude(asked.request, asked.claims, allowed, local_.allowed));
}

void RateLimit::onNoAnswer() {
  giveUpMore();
  control_.resumeRequest(decideAlone(ask_->question().request, ask_->question().claims));
}

filter::Verdict RateLimit::onAnswerOverdue() {
  redis::Servers::cancel(*ask_);
  giveUpMore();
  return decideAlone(ask_->question().request, ask_->question().claims);
}

// The server has not replied about the leases and charges.
void RateLimit::giveUpMore() {
  Ask::Question& asked = ask_->question();
  if (std::exchange(asked.taking, Taking::kTake) != Taking::kTakeMore) return;
  for (RateClaim& claim : asked.claims.rates) {
    const Nanoseconds alone = std::exchange(claim.alone, Nanoseconds(0));
    if (alone == Nanoseconds(0)) continue;
    claim.table->unfill(claim.key, alone, claim.at(local_.loop.now()));
  }
  if (local_.leases != nullptr) local_.leases->onNoReply(asked.claims.rates);
}

// The decision while the server is away.
filter::Verdict RateLimit::decideAlone(const http::Request& request, const Claims& claims) {
  const FleetSettings& settings = *config_.redis;
  if (settings.on_error == OnError::kLocal) {
    for (RateClaim& claim : claims.rates) reduceToShare(claim, nodes());
    const bool allowed = decide(claims.rates);
    if (!allowed) leave();
    note(claims);
    return conclude(request, claims, allowed, local_.alone);
  }
  local_.alone.add();
  if (settings.on_error == OnError::kAllow || config_.enforcement == Enforcement::kShadow) {
    return filter::Verdict::proceed();
  }
  leave();
  return filter::Verdict::reply(
      {.status = 503, .reason = Reason::kRateLimitError, .detail = kServerAway});
}

// Nobody waits for the reply.
void RateLimit::chargeFleet() {
  const redis::Words words =
      fleetQuestion(later_, local_.fleet_counts, Taking::kTake, control_.arena());
  local_.fleet->fleet().servers().evaluate(words, *ask_);
  redis::Servers::cancel(*ask_);
  later_ = {};
}

void RateLimit::forgetAsk() {
  redis::Servers::cancel(*ask_);
  giveUpMore();
  std::destroy_at(std::exchange(ask_, nullptr));
}

}  // namespace weir::gateway
