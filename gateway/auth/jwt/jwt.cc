#include "gateway/auth/jwt/jwt.h"

#include <algorithm>
#include <utility>

#include "gateway/auth/jwt/metrics.h"

namespace weir::gateway {
namespace {

using authn::Result;

// For a token whose key is not known yet.
constexpr Milliseconds kLongestWaitForKeys{500};

std::string challengeStart(const jwt::Settings& settings) {
  std::string text = "Bearer realm=\"" + settings.realm + '"';
  if (settings.resource_metadata) {
    text += ", resource_metadata=\"" + *settings.resource_metadata + '"';
  }
  return text;
}

// The scopes that a client should ask for.
std::string wantedScopes(const jwt::Settings& settings) {
  std::string text;
  for (const auto* list : {&settings.require.scopes_all, &settings.require.scopes_any}) {
    for (const std::string& scope : *list) text += (text.empty() ? "" : " ") + scope;
  }
  return text;
}

Result resultOf(const jose::Refusal& refusal) {
  switch (refusal.kind) {
    case jose::Refusal::Kind::kExpired:
      return Result::kExpired;
    case jose::Refusal::Kind::kScope:
    case jose::Refusal::Kind::kClaim:
      return Result::kDenied;
    default:
      return Result::kInvalid;
  }
}

}  // namespace

Jwt::Shared::Shared(const Config& config, const filter::SharedTools& tools)
    : startup_(config.startup) {
  if (config.fetchesKeys()) fetcher_ = std::make_unique<jwt::KeyFetcher>(config, tools);
}

void Jwt::Shared::start(filter::Publish<Snapshot> publish, std::function<void()> ready) {
  if (fetcher_ == nullptr) return ready();
  if (startup_ == Startup::kLazy) std::exchange(ready, [] {})();
  fetcher_->start(std::move(publish), std::move(ready));
}

Jwt::Local::Local(const Config& config, const filter::LocalTools& tools)
    : judge_(authn::Method::kJwt, config.enforcement,
             authn::Challenges(challengeStart(config), wantedScopes(config)), tools.metrics),
      hits_(tools.metrics.counter(jwt::cacheKey(jwt::Lookup::kHit))),
      misses_(tools.metrics.counter(jwt::cacheKey(jwt::Lookup::kMiss))),
      cache_(tools.random.next()),
      keys_(config.fixed.keys) {}

void Jwt::Local::onSnapshot(const std::shared_ptr<const jwt::KeySnapshot>& snapshot) {
  gate_ = snapshot->gate;
  if (keys_ != snapshot->keys) {
    keys_ = snapshot->keys;
    cache_.clear();
  }
  waiting_.resumeAll([](Jwt& filter) { filter.onKeys(); });
}

jwt::Verification Jwt::Local::verify(std::string_view token, const Config& config) {
  const Nanoseconds now = wallClockNow();
  if (const jwt::TokenCache::Token* const known = cache_.find(token, now)) {
    hits_.add();
    return {*known, {}, false};
  }
  misses_.add();
  jwt::Verification verification = jwt::verify(token, config, *keys_, now);
  if (verification.token != nullptr) cache_.add(verification.token, now);
  return verification;
}

bool Jwt::Local::awaitKeys(Jwt& filter) {
  // Without a snapshot, the first fetch has not ended; without keys, it has failed.
  const bool coming = gate_ == nullptr ? keys_ == nullptr : keys_ != nullptr && gate_->ask();
  if (!coming || waiting_.full()) return false;
  waiting_.add(filter);
  return true;
}

void Jwt::Local::stopWaiting(Jwt& filter) { waiting_.remove(filter); }

Jwt::~Jwt() {
  if (waits_) local_.stopWaiting(*this);
}

void Jwt::addRequestFields(const Config& config, http::FieldSet& fields) {
  for (const auto& [header, claim] : config.claim_headers) fields.add(header);
  if (config.payload_header) fields.add(*config.payload_header);
}

filter::Verdict Jwt::onRequest(http::Request& request) {
  request_ = &request;
  const authn::Credential found = authn::findCredential(request, config_.from);
  if (found.count == 0) return refuse(Result::kMissing, "the request has no token");
  if (found.count > 1) return refuse(Result::kAmbiguous, "the request has several tokens");
  text_ = found.text;
  return decide(true);
}

filter::Verdict Jwt::decide(bool may_wait) {
  if (local_.keys() == nullptr) {
    if (may_wait && local_.awaitKeys(*this)) return waitForKeys();
    return refuse(Result::kError, "the keys of the issuer are not available yet");
  }
  jwt::Verification verification = local_.verify(text_, config_);
  if (verification.unknown_key && may_wait && local_.awaitKeys(*this)) return waitForKeys();
  token_ = std::move(verification.token);
  if (token_ == nullptr) return refuse(resultOf(verification.refusal), verification.refusal.detail);
  const std::string& certificate = token_->boundTo();
  if (!certificate.empty() && control_.record().client_certificate != certificate) {
    return refuse(Result::kInvalid, "the token is bound to another client certificate");
  }
  if (const jose::Refusal missing = token_->requirement()) {
    return refuse(resultOf(missing), missing.detail);
  }
  return accept();
}

filter::Verdict Jwt::waitForKeys() {
  waits_ = true;
  return filter::Verdict::wait(kLongestWaitForKeys, Reason::kAuthnInvalid);
}

void Jwt::onKeys() {
  waits_ = false;
  control_.resumeRequest(decide(false));
}

filter::Verdict Jwt::onWaitExpired(filter::Side, Reason) {
  if (std::exchange(waits_, false)) local_.stopWaiting(*this);
  return decide(false);
}

filter::Verdict Jwt::refuse(Result result, std::string_view detail) {
  token_.reset();
  return local_.judge().refuse(result, detail, *request_);
}

filter::Verdict Jwt::accept() {
  local_.judge().accept();
  control_.principal() = token_->principal();
  setHeaders();
  if (!config_.forward) authn::removeCredentials(*request_, config_.from);
  return filter::Verdict::proceed();
}

// The client's own fields of these names were removed before routing.
void Jwt::setHeaders() {
  http::Headers& headers = request_->headers;
  Arena& arena = headers.arena();
  for (std::size_t i = 0; i < config_.claim_headers.size(); ++i) {
    const std::string& value = token_->headers()[i];
    if (!value.empty()) headers.set(config_.claim_headers[i].first, arena.copy(value));
  }
  if (config_.payload_header) {
    headers.set(*config_.payload_header, arena.copy(token_->encodedPayload()));
  }
}

}  // namespace weir::gateway
