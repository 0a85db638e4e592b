#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/event/loop.h"
#include "core/filter/parts.h"
#include "core/http/fetch.h"
#include "gateway/auth/fetch_schedule.h"
#include "gateway/auth/jwt/settings.h"

namespace weir::gateway::jwt {

// The keys of an issuer as workers get them.
struct KeySnapshot {
  std::shared_ptr<const jose::KeySet> keys;
  std::shared_ptr<const RefreshGate> gate;
};

// Fetches the key set of an issuer and keeps it fresh. Keys are kept until there are newer ones,
// however long their source is away, also over restarts if there is a state directory.
//
// Thread: the control thread.
class KeyFetcher final : private Fetcher {
 public:
  static constexpr Milliseconds kFetchLimit{5'000};
  static constexpr Milliseconds kLeastFresh{60'000};
  static constexpr Milliseconds kUsualFresh{600'000};
  static constexpr Milliseconds kMostFresh{24 * 60 * 60'000};
  static constexpr FetchSchedule::Pauses kPauses{};

  KeyFetcher(const Settings& settings, const filter::SharedTools& tools);
  KeyFetcher(const KeyFetcher&) = delete;
  KeyFetcher& operator=(const KeyFetcher&) = delete;

  // `ready` is called once there are keys.
  void start(filter::Publish<KeySnapshot> publish, std::function<void()> ready);

 private:
  std::string entryName() const;
  void restore();
  void save();
  weir::Result<void> use(std::string_view text);  // fails if it is not a key set
  void publish();
  void fetch() override;
  void fetchMetadata(bool openid);
  void fetchKeys(std::string_view path);
  void get(std::string_view path, void (KeyFetcher::*done)(const http::Reply&));
  void onOpenIdMetadata(const http::Reply& reply);
  void onOAuthMetadata(const http::Reply& reply);
  void onMetadata(const http::Reply& reply);
  void onKeys(const http::Reply& reply);
  void fail(std::string_view detail);
  void onTick();

  const Settings& settings_;
  const filter::SharedTools tools_;
  filter::Publish<KeySnapshot> publish_;
  std::function<void()> ready_;
  FetchSchedule schedule_;
  std::string text_;  // of the keys in use
  std::shared_ptr<const jose::KeySet> keys_;
  Nanoseconds fetched_at_{0};  // wall clock
  event::Alarm<KeyFetcher, &KeyFetcher::onTick> tick_;
};

// How long a response may be used, from its Cache-Control, within the limits of KeyFetcher.
Milliseconds freshness(const http::Reply& reply);

}  // namespace weir::gateway::jwt
