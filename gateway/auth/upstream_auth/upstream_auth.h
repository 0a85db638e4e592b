#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/auth/refresh_gate.h"
#include "gateway/auth/snapshot_waiters.h"
#include "gateway/auth/upstream_auth/settings.h"
#include "gateway/auth/upstream_auth/token_fetcher.h"

namespace weir::gateway {

// Authenticates weir to the upstream: adds credentials to requests.
class UpstreamAuth final : public filter::Filter {
 public:
  using Config = upstream_auth::Settings;

  // Gets tokens.
  class Shared {
   public:
    using Snapshot = upstream_auth::TokenSnapshot;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(filter::Publish<Snapshot> publish, std::function<void()> ready);

   private:
    Startup startup_ = Startup::kWait;
    std::unique_ptr<upstream_auth::TokenFetcher> fetcher_;  // null: the credentials are fixed
  };

  // The token, and the requests that wait for it.
  class Local {
   public:
    using Token = std::shared_ptr<const std::string>;

    Local(const Config&, const filter::LocalTools& tools) : metrics_(tools.metrics) {}
    void onSnapshot(const std::shared_ptr<const upstream_auth::TokenSnapshot>& snapshot);

    const Token& token() const { return token_; }  // null: there is none
    // False if no token is being fetched. Otherwise onToken() of the filter follows, unless
    // stopWaiting() is called before.
    bool awaitToken(UpstreamAuth& filter);
    void stopWaiting(UpstreamAuth& filter) { waiting_.remove(filter); }
    // The upstream has refused this token.
    void onRefused(const Token& token);
    MetricCells& metrics() { return metrics_; }

   private:
    MetricCells& metrics_;
    Token token_;
    std::shared_ptr<const RefreshGate> gate_;  // null: nothing has been published yet
    SnapshotWaiters<UpstreamAuth> waiting_;
  };

  UpstreamAuth(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~UpstreamAuth() override;

  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics) {
    config.check(references, diagnostics);
  }

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;
  filter::Verdict onResponse(http::Response& response) override;
  void onToken();  // there is a token, or it could not be fetched

 private:
  filter::Verdict decide(bool may_wait);
  filter::Verdict send(std::string_view value);

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  http::Request* request_ = nullptr;
  Local::Token token_;  // that was sent
  bool waits_ = false;
};

}  // namespace weir::gateway
