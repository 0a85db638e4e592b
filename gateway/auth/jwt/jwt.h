#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/http/field_set.h"
#include "gateway/auth/jwt/key_fetcher.h"
#include "gateway/auth/jwt/settings.h"
#include "gateway/auth/jwt/token_cache.h"
#include "gateway/auth/snapshot_waiters.h"

namespace weir::gateway {

// Authenticates callers by signed tokens of one issuer (RFC 7519, 6750, 8725).
class Jwt final : public filter::Filter {
 public:
  using Config = jwt::Settings;
  static constexpr bool kAuthenticates = true;

  // Fetches the keys.
  class Shared {
   public:
    using Snapshot = jwt::KeySnapshot;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(filter::Publish<Snapshot> publish, std::function<void()> ready);

   private:
    const Startup startup_;
    std::unique_ptr<jwt::KeyFetcher> fetcher_;  // null: the configuration contains the keys
  };

  // The verified tokens of a worker, and its requests that wait for newer keys.
  class Local {
   public:
    Local(const Config& config, const filter::LocalTools& tools);
    void onSnapshot(const std::shared_ptr<const jwt::KeySnapshot>& snapshot);

    const jose::KeySet* keys() const { return keys_.get(); }  // null: there are none yet
    // From the cache, or verified now.
    jwt::Verification verify(std::string_view token, const Config& config);
    // False if there will be no newer keys. Otherwise onKeys() of the filter follows, unless
    // stopWaiting() is called before.
    bool awaitKeys(Jwt& filter);
    void stopWaiting(Jwt& filter);
    authn::Judge& judge() { return judge_; }

   private:
    authn::Judge judge_;
    const Counter hits_;
    const Counter misses_;
    jwt::TokenCache cache_;
    std::shared_ptr<const jose::KeySet> keys_;
    std::shared_ptr<const RefreshGate> gate_;  // null: the keys are fixed
    SnapshotWaiters<Jwt> waiting_;
  };

  Jwt(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~Jwt() override;

  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics) {
    config.check(references, diagnostics);
  }
  static void addRequestFields(const Config& config, http::FieldSet& fields);
  static bool presents(const Config& config, const http::Request& request, const filter::Control&) {
    return authn::findCredential(request, config.from).count > 0;
  }

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;
  void onKeys();  // newer keys are there, or there are none

 private:
  filter::Verdict decide(bool may_wait);
  filter::Verdict waitForKeys();
  filter::Verdict accept();
  filter::Verdict refuse(authn::Result result, std::string_view detail);
  void setHeaders();

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  http::Request* request_ = nullptr;
  std::string_view text_;  // of the token
  std::shared_ptr<const jwt::VerifiedToken> token_;
  bool waits_ = false;
};

}  // namespace weir::gateway
