#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/loop.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/http/field_set.h"
#include "gateway/auth/basic/guard.h"
#include "gateway/auth/basic/settings.h"
#include "gateway/auth/basic/user_table.h"
#include "gateway/auth/basic/verified_pairs.h"
#include "gateway/auth/credential.h"

namespace weir::gateway {

// Authenticates callers by name and password (RFC 7617). Passwords are verified on other threads
// than those of the workers, a limited number at a time.
class Basic final : public filter::Filter {
 public:
  using Config = basic::Settings;
  static constexpr bool kAuthenticates = true;
  static constexpr Milliseconds kLongestWait{10'000};

  struct Snapshot {
    std::shared_ptr<const basic::UserTable> users;
    std::shared_ptr<const basic::Guard> guard;
  };

  // Reads the file.
  class Shared {
   public:
    using Snapshot = Basic::Snapshot;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(const filter::Publish<Snapshot>& publish, std::function<void()> ready);

   private:
    const std::shared_ptr<const basic::Guard> guard_;
    std::shared_ptr<const basic::UserTable> fixed_;      // in the configuration; or null
    std::unique_ptr<FileTable<basic::UserTable>> file_;  // null: there is none
  };

  // The right pairs, and the passwords that are being verified.
  class Local {
   public:
    Local(const Config& config, const filter::LocalTools& tools);
    ~Local();
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    void onSnapshot(const std::shared_ptr<const Snapshot>& snapshot);

    authn::Judge& judge() { return judge_; }
    const Snapshot& now() const { return now_; }  // empty before the first one
    bool isVerified(const basic::PairDigest& pair) const {
      return verified_.has(pair, loop_.now());
    }
    // False if too many passwords are being verified. Otherwise onVerified() of the filter follows,
    // unless stopWaiting() is called before.
    bool verify(Basic& filter);
    void stopWaiting(Basic& filter);

   private:
    struct Job;
    // A Local as long as it lives.
    struct Living {
      Local& local;
    };
    void onDone(Job& job);

    event::Loop& loop_;
    const Milliseconds remember_;
    authn::Judge judge_;
    Snapshot now_;
    basic::VerifiedPairs verified_;
    std::vector<std::unique_ptr<Job>> jobs_;
    const std::shared_ptr<const Living> living_;
  };

  Basic(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~Basic() override;

  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics) {
    config.check(references, diagnostics);
  }
  static void addRequestFields(const Config& config, http::FieldSet& fields) {
    fields.add(config.user_header);
  }
  static bool presents(const Config& config, const http::Request& request,
                       const filter::Control& control);

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;
  void onVerified(bool good);

 private:
  bool readPair(std::string_view text);
  filter::Verdict ask();
  filter::Verdict accept();
  filter::Verdict refuse(authn::Result result, std::string_view detail,
                         std::string_view retry_after = "1");

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  http::Request* request_ = nullptr;
  std::string_view name_;  // in the arena, as is the next
  std::string_view password_;
  basic::PairDigest digest_{};
  bool waits_ = false;
};

}  // namespace weir::gateway
