#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/event/loop.h"
#include "core/filter/parts.h"
#include "core/http/fetch.h"
#include "gateway/auth/fetch_schedule.h"
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
class TokenFetcher final : private Fetcher {
 public:
  static constexpr Milliseconds kFetchLimit{5'000};
  static constexpr Milliseconds kUsualLife{300'000};  // of a token without expires_in
  static constexpr Milliseconds kMostLife{24 * 60 * 60'000};
  static constexpr FetchSchedule::Pauses kPauses{.last_retry = Milliseconds(10'000),
                                                 .least = Milliseconds(1'000)};

  TokenFetcher(const ClientCredentials& settings, const filter::SharedTools& tools);
  TokenFetcher(const TokenFetcher&) = delete;
  TokenFetcher& operator=(const TokenFetcher&) = delete;

  // `ready` is called once there is a token.
  void start(filter::Publish<TokenSnapshot> publish, std::function<void()> ready);

 private:
  void fetch() override;
  void onReply(const http::Fetched& fetched);
  void accept(const IssuedToken& token);
  void fail(std::string_view detail);
  void end();
  void onExpired();
  void publish();

  const ClientCredentials& settings_;
  const filter::SharedTools tools_;
  const TokenRequest request_;
  filter::Publish<TokenSnapshot> publish_;
  std::function<void()> ready_;
  FetchSchedule schedule_;
  std::shared_ptr<const std::string> value_;
  Milliseconds begun_at_{0};
  event::Alarm<TokenFetcher, &TokenFetcher::onExpired> expired_;
};

}  // namespace weir::gateway::upstream_auth
