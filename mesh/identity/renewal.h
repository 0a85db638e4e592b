#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/names.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "core/http/fetch.h"
#include "core/http/target.h"
#include "core/upstream/backoff.h"
#include "mesh/identity/pair_files.h"

namespace weir::mesh {

// Renews this node's certificate, which is in files, at an authority (`weir ca serve`) once 70 % of
// its life are over: sends a signing request for a new key over a connection that presents the
// present certificate, and replaces the files.
//
// Thread: the control thread.
class Renewal {
 public:
  static constexpr double kRenewAt = 0.7;
  static constexpr Milliseconds kSoonest{1'000};
  static constexpr Milliseconds kLatest{12 * 60 * 60 * 1000};  // then it looks at the file again
  static constexpr upstream::Backoff kBackoff{Milliseconds(2'000), Milliseconds(300'000)};

  struct Settings {
    NameId upstream = 0;
    http::Target authority;
    PairFiles files;
    friend bool operator==(const Settings&, const Settings&) = default;
  };
  // `on_renewed`: the files have changed. `on_failed`: `why` is for the log.
  struct Events {
    std::function<void()> on_renewed;
    std::function<void(const std::string& why)> on_failed;
  };
  Renewal(http::Client& client, Events events);
  ~Renewal();
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  // At the start, after each reload, and after each change of the files.
  void follow(const std::optional<Settings>& settings);

 private:
  void plan();
  void onTime();
  void ask(const std::string& identity);
  void onAnswer(const http::Fetched& fetched);
  std::string take(const std::string& chain);
  void fail(const std::string& why);

  http::Client& client_;
  const Events events_;
  std::optional<Settings> settings_;
  std::string identity_;  // of the request
  std::string key_;       // of the request
  unsigned failures_ = 0;
  Random random_;
  event::Alarm<Renewal, &Renewal::onTime> time_;
  std::unique_ptr<http::Call> call_;
};

}  // namespace weir::mesh
