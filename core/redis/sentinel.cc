#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/redis/server_address.h"
#include "core/redis/servers.h"

namespace weir::redis {
namespace {

// The primary that the sentinels name. One of them, any endpoint of the upstream, is asked
// again and again, because a message about a failover (+switch-master) may be lost.
class SentinelServers final : public Servers, private Waiter {
 public:
  SentinelServers(const Options& options, const Sentinel& sentinel, const Client::Tools& tools)
      : options_(options),
        primary_name_(sentinel.primary),
        tools_(tools),
        sentinel_({.upstream = options.upstream,
                   .name = options.name + " (sentinel)",
                   .user = sentinel.user,
                   .password = sentinel.password,
                   .timeout = options.timeout},
                  tools),
        ask_(tools.loop.wheel(), *this) {
    onAsk();
  }
  ~SentinelServers() override { sentinel_.cancel(*this); }

 private:
  static constexpr Milliseconds kPause{1'000};
  static constexpr Milliseconds kShortPause{250};  // while the primary is away
  // A sentinel that names a server that is away for longer is left for another one.
  static constexpr unsigned kMostInVain = 6;

  bool well() const { return primary_ != nullptr && primary_->ready(); }
  Client* find(std::string_view) override { return well() ? primary_.get() : nullptr; }

  void onAsk() {
    ask_.arm(well() ? kPause : kShortPause);
    if (!sentinel_.ready()) return;
    in_vain_ = well() ? 0 : in_vain_ + 1;
    if (in_vain_ > kMostInVain) {
      in_vain_ = 0;
      return sentinel_.moveOn();
    }
    sentinel_.cancel(*this);
    const std::array<std::string_view, 3> words = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME",
                                                   primary_name_};
    sentinel_.send(words, *this);
  }
  void onReply(const Reply& reply) override {
    using Kind = Reply::Kind;
    if (reply.size() != 3 || reply.kind(1) != Kind::kText || reply.kind(2) != Kind::kText) {
      return complain(reply.kind() == Kind::kError ? reply.text() : "it knows no such primary");
    }
    const auto address = serverAddress(reply.text(1), reply.text(2));
    if (!address) return complain("the primary has a name instead of an address");
    if (primary_ == nullptr) {
      primary_ = std::make_unique<Client>(options_, tools_, *address);
    } else if (primary_->address() != *address) {
      log::info("redis " + options_.name + ": the primary is now " + address->text());
      primary_->moveTo(*address);
    }
  }
  void onNoReply() override {}

  void complain(std::string_view what) {
    if (const auto held_back = log_limit_.admit(tools_.loop.eventTime())) {
      log::warning("redis " + options_.name + " (sentinel): " + primary_name_ + ": " +
                   std::string(what) + event::LogLimit::text(*held_back));
    }
  }

  const Options options_;
  const std::string primary_name_;
  const Client::Tools tools_;
  Client sentinel_;
  std::unique_ptr<Client> primary_;  // null until a sentinel has named it
  unsigned in_vain_ = 0;             // questions since the primary was there
  event::LogLimit log_limit_;
  event::Alarm<SentinelServers, &SentinelServers::onAsk> ask_;
};

}  // namespace

std::unique_ptr<Servers> Servers::bySentinel(const Options& options, const Sentinel& sentinel,
                                             const Client::Tools& tools) {
  return std::make_unique<SentinelServers>(options, sentinel, tools);
}

}  // namespace weir::redis
