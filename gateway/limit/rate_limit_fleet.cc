#include <algorithm>
#include <memory>

#include "gateway/limit/rate_limit.h"

// Decisions of the filter rate_limit that all instances share.
namespace weir::gateway {
namespace {

// The client ends a wait earlier, at its timeout.
constexpr Milliseconds kAfterTimeout{1'000};

constexpr std::string_view kServerAway = "the server of the rate limit did not respond";

}  // namespace

// The question of a request to the server. In the arena of the exchange.
class RateLimit::Ask final : public redis::Waiter {
 public:
  struct Question {
    const http::Request& request;
    Claims claims;
    redis::Words words;
    Nanoseconds begun{0};
    bool repeated = false;
  };
  Ask(RateLimit& filter, const Question& question) : filter_(filter), question_(question) {}
  Question& question() { return question_; }
  void onReply(const redis::Reply& reply) override { filter_.onAnswer(reply); }
  void onNoReply() override { filter_.onNoAnswer(); }

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
  redis::Client& client = local_.fleet->fleet().client();
  if (!client.ready()) return decideAlone(request, claims);
  Arena& arena = control_.arena();
  const bool takes = config_.statuses.empty();
  const redis::Words words = fleetQuestion(claims.rates, local_.fleet_counts, takes, arena);
  auto* const place = reinterpret_cast<Ask*>(arena.allocate(sizeof(Ask), alignof(Ask)));
  const Ask::Question question{request, claims, words, local_.loop.eventTime()};
  ask_ = std::construct_at(place, *this, question);
  client.evaluate(words, *ask_);
  return filter::Verdict::wait(config_.redis->server.timeout + kAfterTimeout,
                               Reason::kRateLimitError);
}

void RateLimit::onAnswer(const redis::Reply& reply) {
  redis::Client& client = local_.fleet->fleet().client();
  Ask::Question& asked = ask_->question();
  if (reply.isError("NOSCRIPT") && !asked.repeated && client.ready()) {
    asked.repeated = true;
    return client.evaluateText(asked.words, *ask_);
  }
  local_.asked.observe(local_.loop.eventTime() - asked.begun);
  bool allowed = false;
  if (!readFleetReply(reply, asked.claims.rates, allowed)) {
    local_.fleet->fleet().noteRefusal(reply.text());
    return control_.resumeRequest(decideAlone(asked.request, asked.claims));
  }
  ask_decides_ = true;
  if (!config_.statuses.empty()) later_ = asked.claims.rates;
  if (!allowed) leave();
  note(asked.claims);
  control_.resumeRequest(conclude(asked.request, asked.claims, allowed, local_.allowed));
}

void RateLimit::onNoAnswer() {
  control_.resumeRequest(decideAlone(ask_->question().request, ask_->question().claims));
}

filter::Verdict RateLimit::onAnswerOverdue() {
  local_.fleet->fleet().client().cancel(*ask_);
  return decideAlone(ask_->question().request, ask_->question().claims);
}

// The decision while the server is away.
filter::Verdict RateLimit::decideAlone(const http::Request& request, const Claims& claims) {
  const FleetSettings& settings = *config_.redis;
  if (settings.on_error == OnError::kLocal) {
    const std::uint32_t known = local_.fleet->fleet().nodes();
    const std::uint32_t nodes = known > 0 ? known : settings.nodes;
    for (RateClaim& claim : claims.rates) reduceToShare(claim, nodes);
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
  redis::Client& client = local_.fleet->fleet().client();
  if (!client.ready()) return;
  client.evaluate(fleetQuestion(later_, local_.fleet_counts, true, control_.arena()), *ask_);
  client.cancel(*ask_);
  later_ = {};
}

void RateLimit::forgetAsk() {
  local_.fleet->fleet().client().cancel(*ask_);
  std::destroy_at(ask_);
}

}  // namespace weir::gateway
