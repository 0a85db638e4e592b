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
  Ask(RateLimit& filter, const http::Request& request, const Claims& claims, redis::Words words)
      : request(request), claims(claims), words(words), filter_(filter) {}
  void onReply(const redis::Reply& reply) override { filter_.onAnswer(reply); }
  void onNoReply() override { filter_.onNoAnswer(); }

  const http::Request& request;
  const Claims claims;
  const redis::Words words;
  Nanoseconds begun{0};
  bool repeated = false;

 private:
  RateLimit& filter_;
};

filter::Verdict RateLimit::ask(const http::Request& request, Claims claims) {
  if (!enter(claims)) {
    claims.rates = {};  // what remains of them is not known
    note(claims);
    return conclude(request, claims, false, local_.allowed);
  }
  redis::Client& client = local_.fleet->client();
  if (!client.ready()) return decideAlone(request, claims);
  Arena& arena = control_.arena();
  const redis::Words words = fleetQuestion(claims.rates, local_.fleet_counts, arena);
  auto* const place = reinterpret_cast<Ask*>(arena.allocate(sizeof(Ask), alignof(Ask)));
  ask_ = std::construct_at(place, *this, request, claims, words);
  ask_->begun = local_.loop.eventTime();
  client.evaluate(words, *ask_);
  return filter::Verdict::wait(config_.redis->server.timeout + kAfterTimeout,
                               Reason::kRateLimitError);
}

void RateLimit::onAnswer(const redis::Reply& reply) {
  redis::Client& client = local_.fleet->client();
  const Ask& asked = *ask_;
  if (reply.isError("NOSCRIPT") && !asked.repeated && client.ready()) {
    ask_->repeated = true;
    return client.evaluateText(asked.words, *ask_);
  }
  local_.asked.observe(local_.loop.eventTime() - asked.begun);
  bool allowed = false;
  if (!readFleetReply(reply, asked.claims.rates, allowed)) {
    local_.fleet->noteRefusal(reply.text());
    return control_.resumeRequest(decideAlone(asked.request, asked.claims));
  }
  if (!allowed) leave();
  note(asked.claims);
  control_.resumeRequest(conclude(asked.request, asked.claims, allowed, local_.allowed));
}

void RateLimit::onNoAnswer() { control_.resumeRequest(decideAlone(ask_->request, ask_->claims)); }

filter::Verdict RateLimit::onWaitExpired(filter::Side, Reason) {
  local_.fleet->client().cancel(*ask_);
  return decideAlone(ask_->request, ask_->claims);
}

// The decision while the server is away.
filter::Verdict RateLimit::decideAlone(const http::Request& request, const Claims& claims) {
  const FleetSettings& settings = *config_.redis;
  if (settings.on_error == OnError::kLocal) {
    const std::uint32_t known = local_.fleet->nodes();
    const std::uint32_t nodes = known > 0 ? known : settings.nodes;
    for (RateClaim& claim : claims.rates) claim.rate = shareOf(claim.rate, nodes);
    const bool allowed = takeAll(claims.rates, local_.loop.now());
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

void RateLimit::forgetAsk() {
  local_.fleet->client().cancel(*ask_);
  std::destroy_at(ask_);
}

}  // namespace weir::gateway
