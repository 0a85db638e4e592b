#include "gateway/auth/upstream_auth/upstream_auth.h"

#include <utility>

#include "core/http/field_set.h"
#include "gateway/auth/upstream_auth/metrics.h"

namespace weir::gateway {

using upstream_auth::requestsKey;

UpstreamAuth::Shared::Shared(const Config& config, const filter::SharedTools& tools) {
  if (config.oauth2) {
    startup_ = config.oauth2->startup;
    fetcher_ = std::make_unique<upstream_auth::TokenFetcher>(*config.oauth2, tools);
  }
}

void UpstreamAuth::Shared::start(filter::Publish<Snapshot> publish, std::function<void()> ready) {
  if (fetcher_ == nullptr) return ready();
  if (startup_ == Startup::kLazy) std::exchange(ready, [] {})();
  fetcher_->start(std::move(publish), std::move(ready));
}

void UpstreamAuth::Local::onSnapshot(
    const std::shared_ptr<const upstream_auth::TokenSnapshot>& snapshot) {
  gate_ = snapshot->gate;
  token_ = snapshot->value;
  if (token_ != nullptr || !gate_->isFetching()) {
    waiting_.resumeAll([](UpstreamAuth& filter) { filter.onToken(); });
  }
}

bool UpstreamAuth::Local::awaitToken(UpstreamAuth& filter) {
  if (gate_ == nullptr || waiting_.full() || !gate_->isFetching()) return false;
  waiting_.add(filter);
  return true;
}

// If the next one cannot be fetched, the snapshot that follows has the old one again.
void UpstreamAuth::Local::onRefused(const Token& token) {
  if (token == token_ && gate_->ask()) token_ = nullptr;
}

UpstreamAuth::~UpstreamAuth() {
  if (waits_) local_.stopWaiting(*this);
}

filter::Verdict UpstreamAuth::onRequest(http::Request& request) {
  request_ = &request;
  return config_.value.empty() ? decide(true) : send(config_.value);
}

filter::Verdict UpstreamAuth::decide(bool may_wait) {
  token_ = local_.token();
  if (token_ != nullptr) return send(*token_);
  if (may_wait && local_.awaitToken(*this)) {
    waits_ = true;
    return filter::Verdict::wait(config_.oauth2->wait, Reason::kExtAuthError);
  }
  local_.metrics().counter(requestsKey(upstream_auth::Outcome::kError)).add();
  return filter::Verdict::reply({.status = 503,
                                 .reason = Reason::kExtAuthError,
                                 .detail = "no token for the upstream is available"});
}

// Replaces what the client has sent, in every spelling that the upstream may take for the same.
filter::Verdict UpstreamAuth::send(std::string_view value) {
  http::Headers& headers = request_->headers;
  headers.removeIf([this](const http::Header& field) {
    return field.name.size() == config_.header.size() &&
           http::isSameField(field.name, config_.header);
  });
  headers.add(config_.header, value);
  local_.metrics().counter(requestsKey(upstream_auth::Outcome::kSent)).add();
  return filter::Verdict::proceed();
}

void UpstreamAuth::onToken() {
  waits_ = false;
  control_.resumeRequest(decide(false));
}

filter::Verdict UpstreamAuth::onWaitExpired(filter::Side, Reason) {
  if (std::exchange(waits_, false)) local_.stopWaiting(*this);
  return decide(false);
}

filter::Verdict UpstreamAuth::onResponse(http::Response& response) {
  if (response.status != 401) return filter::Verdict::proceed();
  local_.metrics().counter(requestsKey(upstream_auth::Outcome::kRefused)).add();
  if (token_ != nullptr) local_.onRefused(token_);
  return filter::Verdict::proceed();
}

}  // namespace weir::gateway
