#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/event/shared_count.h"
#include "core/filter/parts.h"
#include "core/http/fetch.h"
#include "gateway/auth/jwt/settings.h"

namespace weir::gateway::jwt {

class KeyFetcher;

// Lets workers ask for newer keys, in a bounded way.
class RefreshGate {
 public:
  static constexpr Milliseconds kInterval{10'000};  // between fetches that workers cause

  // A KeyFetcher as long as it lives.
  struct Living {
    KeyFetcher& fetcher;
  };
  RefreshGate(event::Loop& loop, std::weak_ptr<const Living> living)
      : loop_(loop), living_(std::move(living)) {}

  // Any thread. True if keys are being fetched, perhaps because of this call; a snapshot follows.
  bool ask() const;

 private:
  friend class KeyFetcher;

  event::Loop& loop_;  // of the control thread
  const std::weak_ptr<const Living> living_;
  mutable event::SharedCount fetching_;  // more than 0: keys are being fetched
  mutable event::SharedCount asked_;     // 1: by a worker, within the interval
};

// The keys of an issuer as workers get them.
struct KeySnapshot {
  std::shared_ptr<const jose::KeySet> keys;
  std::shared_ptr<const RefreshGate> gate;
};

// Fetches the key set of an issuer and keeps it fresh. Keys are kept until there are newer ones,
// however long their source is away.
//
// Thread: the control thread.
class KeyFetcher {
 public:
  static constexpr Milliseconds kFetchLimit{5'000};
  static constexpr Milliseconds kLeastFresh{60'000};
  static constexpr Milliseconds kUsualFresh{600'000};
  static constexpr Milliseconds kMostFresh{24 * 60 * 60'000};
  static constexpr Milliseconds kFirstRetry{1'000};
  static constexpr Milliseconds kLastRetry{60'000};

  KeyFetcher(const Settings& settings, const filter::SharedTools& tools);
  KeyFetcher(const KeyFetcher&) = delete;
  KeyFetcher& operator=(const KeyFetcher&) = delete;

  // `ready` is called once there are keys.
  void start(filter::Publish<KeySnapshot> publish, std::function<void()> ready);
  // A worker asks for newer keys. Publishes a snapshot in any case.
  void refetch();

 private:
  void fetch();
  void fetchMetadata(bool openid);
  void fetchKeys(std::string_view path);
  void get(std::string_view path, void (KeyFetcher::*done)(const http::Reply&));
  void onOpenIdMetadata(const http::Reply& reply);
  void onOAuthMetadata(const http::Reply& reply);
  void onMetadata(const http::Reply& reply);
  void onKeys(const http::Reply& reply);
  void fail(std::string_view detail);
  void end(Milliseconds next);
  void onCooled();
  void onTick();

  const Settings& settings_;
  const filter::SharedTools tools_;
  Random random_;
  filter::Publish<KeySnapshot> publish_;
  std::function<void()> ready_;
  std::shared_ptr<const RefreshGate> gate_;
  const std::shared_ptr<const RefreshGate::Living> living_;
  std::unique_ptr<http::Call> call_;
  std::string text_;  // of the keys in use
  std::shared_ptr<const jose::KeySet> keys_;
  Milliseconds fetched_at_{0};
  Milliseconds retry_ = kFirstRetry;
  unsigned fetches_ = 0;  // counted in the gate
  bool asked_ = false;    // by a worker, since the last fetch ended
  bool failing_ = false;  // for the log
  event::Alarm<KeyFetcher, &KeyFetcher::fetch> due_;
  event::Alarm<KeyFetcher, &KeyFetcher::onCooled> cooled_;
  event::Alarm<KeyFetcher, &KeyFetcher::onTick> tick_;
};

// How long a response may be used, from its Cache-Control, within the limits of KeyFetcher.
Milliseconds freshness(const http::Reply& reply);

}  // namespace weir::gateway::jwt
