#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/filter/parts.h"
#include "core/http/fetch.h"
#include "gateway/auth/refresh_gate.h"
#include "gateway/auth/upstream_auth/token_request.h"

namespace weir::gateway::upstream_auth {

// The token as workers get it.
struct TokenSnapshot {
  std::shared_ptr<const std::string> value;  // of Authorization; null: there is none
  std::shared_ptr<const RefreshGate> gate;
};

// Gets tokens from a token endpoint: one for all workers, renewed early, and kept while it has not
// expired, whatever becomes of the endpoint.
//
// Thread: the control thread.
class TokenFetcher final : private Refreshable {
 public:
  static constexpr Milliseconds kFetchLimit{5'000};
  static constexpr Milliseconds kUsualLife{300'000};  // of a token without expires_in
  static constexpr Milliseconds kMostLife{24 * 60 * 60'000};
  static constexpr Milliseconds kLeastPause{1'000};  // between a token and the next
  static constexpr Milliseconds kFirstRetry{1'000};
  static constexpr Milliseconds kLastRetry{10'000};

  TokenFetcher(const ClientCredentials& settings, const filter::SharedTools& tools);
  TokenFetcher(const TokenFetcher&) = delete;
  TokenFetcher& operator=(const TokenFetcher&) = delete;

  // `ready` is called once there is a token.
  void start(filter::Publish<TokenSnapshot> publish, std::function<void()> ready);

 private:
  void refetch() override;
  void fetch();
  void onReply(const http::Fetched& fetched);
  void accept(const IssuedToken& token);
  void fail(std::string_view detail);
  void end(Milliseconds next);
  void onExpired();
  void publish();

  const ClientCredentials& settings_;
  const filter::SharedTools tools_;
  const TokenRequest request_;
  Random random_;
  filter::Publish<TokenSnapshot> publish_;
  std::function<void()> ready_;
  Refetching refetching_;
  std::unique_ptr<http::Call> call_;
  std::shared_ptr<const std::string> value_;
  Milliseconds begun_at_{0};
  Milliseconds retry_ = kFirstRetry;
  bool failing_ = false;  // for the log
  event::Alarm<TokenFetcher, &TokenFetcher::fetch> due_;
  event::Alarm<TokenFetcher, &TokenFetcher::onExpired> expired_;
};

}  // namespace weir::gateway::upstream_auth
