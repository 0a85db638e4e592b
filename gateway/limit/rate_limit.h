#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ip_range.h"
#include "core/base/metric.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/event/wheel.h"
#include "core/expr/setting.h"
#include "core/filter/commons.h"
#include "core/filter/filter.h"
#include "core/filter/finding.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"
#include "core/http/facts.h"
#include "gateway/limit/fleet.h"
#include "gateway/limit/fleet_settings.h"
#include "gateway/limit/leases.h"
#include "gateway/limit/limit_key.h"
#include "gateway/limit/limiter.h"
#include "gateway/limit/policy_texts.h"
#include "gateway/limit/replica_count.h"

namespace weir::gateway {

// The variables of costs.
struct CostVariables : http::RequestVariables {
  static std::string replacement(const config::Value& older);
};

// Limits the rate of the requests of each caller, or their number in flight. A request is allowed
// only if all rules allow it, and only then counted.
class RateLimit final : public filter::Filter {
 public:
  enum class Missing : std::uint8_t { kShare, kSkip, kDeny };
  enum class Share : std::uint8_t { kNone, kReplicas };
  enum class Enforcement : std::uint8_t { kEnforce, kShadow };

  // A limit for some callers instead of that of the rule.
  struct Plan {
    static constexpr std::string_view kShortKey = "rate";

    std::optional<config::Rate> rate;
    std::optional<std::uint32_t> burst;
    std::optional<Quota> quota;

    bool operator==(const Plan&) const = default;
    static void read(config::Table& table, Plan& out);
    std::optional<UnitRate> units(const std::optional<Quota>& of_rule, config::Table& table) const;
  };
  struct Rule {
    std::optional<config::Rate> rate;
    std::optional<std::uint32_t> burst;
    std::optional<Quota> quota;
    std::optional<std::uint32_t> in_flight;
    std::vector<std::string> key = {"client_address"};
    unsigned prefix4 = 32;
    unsigned prefix6 = 64;
    Missing missing = Missing::kShare;
    expr::Expression<CostVariables, expr::Kind::kInt> cost;
    expr::Expression<http::RequestVariables, expr::Kind::kString> plan;
    std::map<std::string, Plan> plans;

    LimitKey compiled_key;  // this and the next follow from the settings
    LimitSpec spec;

    bool operator==(const Rule&) const = default;
    static void read(config::Table& table, Rule& out);
    static void readLimits(config::Table& table, Rule& out);
    static void readKey(config::Table& table, Rule& out);
    void complete(config::Table& table);
    void completeRate(config::Table& table);
    void completePlans(config::Table& table);
    void checkInFlight(config::Table& table);
  };
  struct Config {
    Rule rule;  // applies if there are no `rules`
    std::vector<Rule> rules;
    std::optional<std::string> name;
    std::uint32_t max_keys = 65'536;
    Enforcement enforcement = Enforcement::kEnforce;
    config::Percent enforced{100};
    Milliseconds delay{0};
    std::uint32_t max_delayed = 1'000;
    std::vector<std::uint16_t> statuses;
    std::vector<IpRange> skip;
    LimitFields fields = LimitFields::kDraft;
    std::optional<FleetSettings> redis;
    Share share = Share::kNone;
    std::optional<std::string> peers;
    config::Origin peers_origin;

    PolicyTexts texts;    // this and the next follow from the settings
    NameId id = 0;        // of the name in metrics
    NameId peers_id = 0;  // of the upstream; 0: none

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
    static void readShared(config::Table& table, Config& out);
    std::span<const Rule> effective() const {
      if (rules.empty()) return {&rule, 1};
      return rules;
    }
    std::string_view label() const {
      if (!name) return "default";
      return *name;
    }
    LimiterSpec spec() const;
    FleetCounts fleetCounts() const;
    bool leases() const { return redis && redis->accuracy == Accuracy::kFast; }
  };
  static bool readsPrincipal(const Config& config);
  // The limits, without the counts.
  static filter::Finding explain(const Config& config, const http::Request& request,
                                 const http::ExchangeView& view);
  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics);

  // What the workers share.
  struct Counts {
    std::shared_ptr<const Limiter> limiter;
    std::uint32_t replicas = 1;  // instances among which the limits are divided
  };
  class Shared {
   public:
    using Snapshot = Counts;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(const filter::Publish<Counts>& publish, const std::function<void()>& ready);

   private:
    static constexpr Milliseconds kCount{10'000};
    static constexpr Milliseconds kLook{250};
    void onCount();
    void onLook();

    const filter::SharedTools tools_;
    Limiters& limiters_;
    const std::shared_ptr<const Limiter> limiter_;
    const NameId peers_;  // 0: the limits are not divided
    const Gauge share_;
    ReplicaCount replicas_;
    filter::Publish<Counts> publish_;
    event::Alarm<Shared, &Shared::onCount> count_;
    event::Alarm<Shared, &Shared::onLook> look_;
  };
  struct Local {
    Local(const Config& config, const filter::LocalTools& tools);
    void onSnapshot(const std::shared_ptr<const Counts>& snapshot);

    event::Loop& loop;
    Random& random;
    Counter allowed;
    Counter denied;  // of shadow mode: those that would have been
    Counter would_deny;
    Counter evicted;
    Counter delayed;
    Histogram delay;
    std::shared_ptr<const Limiter> limiter = nullptr;
    std::uint32_t replicas = 1;
    // With a server that all instances share; otherwise null.
    std::unique_ptr<FleetUse> fleet = nullptr;
    std::optional<KeyedHash> fleet_hash = {};
    FleetCounts fleet_counts = {};
    std::unique_ptr<Leases> leases = nullptr;  // null: each request asks the server
    Counter alone = {};                        // decided without the server
    Histogram asked = {};
  };

  RateLimit(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~RateLimit() override {
    if (ask_ != nullptr) forgetAsk();
    InFlightTable::leave(wait_);
    leave();
  }

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;
  filter::Verdict onResponse(http::Response& response) override {
    onEnd(response);
    return filter::Verdict::proceed();
  }
  void onLocalReply(http::Response& response) override { onEnd(response); }

 private:
  // What a request claims of the rules, in the order of their kinds.
  struct Claims {
    std::span<RateClaim> rates;
    std::span<InFlightClaim> places;
    bool denied = false;  // because a key is missing
  };

  class Ask;

  bool skips() const;
  Claims claimsOf(const http::Request& request) const;
  std::int64_t costOf(const Rule& rule) const;
  RateClaim claimOf(std::uint32_t rule, std::uint64_t key) const;
  std::size_t planOf(const Rule& rule) const;
  bool decide(std::span<RateClaim> claims);
  bool enter(const Claims& claims);
  bool take(const Claims& claims);
  void note(const Claims& claims);
  filter::Verdict conclude(const http::Request& request, const Claims& claims, bool allowed,
                           const Counter& counter);
  // With a server that all instances share.
  filter::Verdict ask(const http::Request& request, Claims claims);
  bool chargeAlone(std::span<RateClaim> claims) const;
  std::uint32_t nodes() const;
  void onAnswer(const redis::Reply& reply);
  void onNoAnswer();
  filter::Verdict onAnswerOverdue();
  void giveUpMore();
  void chargeFleet();
  filter::Verdict decideAlone(const http::Request& request, const Claims& claims);
  void forgetAsk();
  filter::Verdict wait(Nanoseconds delay) const;
  void giveUpDelay(const Claims& claims);
  filter::Verdict refuse(const http::Request& request, const Claims& claims) const;
  bool enforces();
  void onEnd(http::Response& response);
  void charge();
  void addFields(http::Response& response) const;
  void leave();

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  std::span<LimitStanding> standings_;  // these are in the arena
  std::span<InFlightClaim> places_;
  std::span<RateClaim> later_;  // taken if the response has one of the statuses
  Ask* ask_ = nullptr;
  bool ask_decides_ = false;   // the server has decided
  InFlightTable::Place wait_;  // among those that wait until the limit allows them
};

}  // namespace weir::gateway
