#include "gateway/auth/upstream_auth/token_fetcher.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "gateway/auth/upstream_auth/metrics.h"

namespace weir::gateway::upstream_auth {

TokenFetcher::TokenFetcher(const ClientCredentials& settings, const filter::SharedTools& tools)
    : settings_(settings),
      tools_(tools),
      request_(tokenRequest(settings)),
      schedule_(tools.loop, *this, kPauses),
      expired_(tools.loop.wheel(), *this) {}

// The first snapshot lets requests wait for the token.
void TokenFetcher::start(filter::Publish<TokenSnapshot> publish, std::function<void()> ready) {
  publish_ = std::move(publish);
  ready_ = std::move(ready);
  schedule_.begin();
  this->publish();
}

void TokenFetcher::fetch() {
  begun_at_ = tools_.loop.now();
  const std::string authority = settings_.token_endpoint.authority();
  const std::string target = settings_.token_endpoint.pathAndQuery();
  http::CallRequest call{.method = "POST", .authority = authority, .target = target};
  call.headers = {{"content-type", "application/x-www-form-urlencoded"},
                  {"accept", "application/json"}};
  if (!request_.authorization.empty()) {
    call.headers.push_back({"authorization", request_.authorization});
  }
  call.body_kind = http::CallRequest::Body::kWhole;
  call.body = asBytes(request_.body);
  const http::CallOptions options{.timeout = kFetchLimit,
                                  .attempts = 2,
                                  .retry_non_idempotent = true,
                                  .awaits_discovery = true,
                                  .most_body = kMostTokenReply,
                                  .purpose = "upstream_auth"};
  schedule_.hold(http::fetch(tools_.client, settings_.upstream, call, options,
                             [this](const http::Fetched& fetched) { onReply(fetched); }));
}

void TokenFetcher::onReply(const http::Fetched& fetched) {
  if (!fetched.reply.ok()) return fail(fetched.reply.error().detail);
  const weir::Result<IssuedToken> token = readTokenReply(fetched.reply.value());
  if (!token.ok()) return fail(token.error().detail);
  accept(token.value());
}

// The life counts from the request: the server may have issued the token at any time since.
void TokenFetcher::accept(const IssuedToken& token) {
  tools_.metrics.counter(refreshesKey(settings_.upstream, Refresh::kSuccess)).add();
  value_ = std::make_shared<const std::string>("Bearer " + token.text);
  const Milliseconds life = std::min(token.life.value_or(kUsualLife), kMostLife);
  expired_.arm(life - (tools_.loop.now() - begun_at_));
  if (schedule_.succeed(life)) {
    log::info("upstream_auth: tokens for " + settings_.client_id + " can be fetched again");
  }
  end();
}

void TokenFetcher::fail(std::string_view detail) {
  log::warning("upstream_auth: no token for " + settings_.client_id + ": " + std::string(detail));
  tools_.metrics.counter(refreshesKey(settings_.upstream, Refresh::kFailure)).add();
  schedule_.fail();
  end();
}

// The last act of a fetch.
void TokenFetcher::end() {
  publish();
  if (value_ == nullptr) return;
  const auto ready = std::exchange(ready_, nullptr);
  if (ready) ready();
}

void TokenFetcher::onExpired() {
  value_ = nullptr;
  publish();
}

void TokenFetcher::publish() {
  publish_(std::make_shared<const TokenSnapshot>(TokenSnapshot{value_, schedule_.gate()}));
}

}  // namespace weir::gateway::upstream_auth
