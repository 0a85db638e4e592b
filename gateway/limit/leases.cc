#include "gateway/limit/leases.h"

#include <algorithm>
#include <utility>

namespace weir::gateway {
namespace {

// A lease has the units of this time.
constexpr Nanoseconds kLeaseTime = std::chrono::milliseconds(20);
// All instances together have at most this part of a burst, and take this part of a quota at a
// time.
constexpr std::int64_t kPartOfBurst = 4;
constexpr std::int64_t kPartOfQuota = 100;
constexpr Milliseconds kShortestLife{1'000};
// After the timeout of the client, a mark is no longer needed.
constexpr Milliseconds kMarkAfterTimeout{1'000};

Milliseconds expiryOf(const RateClaim& claim, Milliseconds now) {
  if (claim.quota) return now + std::chrono::floor<Milliseconds>(claim.quota->left);
  const auto full = std::chrono::ceil<Milliseconds>(claim.decision.until_full);
  return now + std::max(kShortestLife, full);
}

}  // namespace

std::int64_t leaseSize(const RateClaim& claim, std::uint32_t nodes) {
  const std::int64_t count = std::max<std::uint32_t>(1, nodes);
  const std::int64_t most =
      std::min(LeaseTable::kMostUnits, claim.rate.burst / (kPartOfBurst * count));
  if (most < 1) return 0;
  const std::int64_t wanted = claim.quota ? claim.rate.burst / (kPartOfQuota * count)
                                          : kLeaseTime / claim.rate.interval / count;
  return std::clamp<std::int64_t>(wanted, 1, most);
}

// A question that renews the lease of a key. Reused.
class Leases::Renewal final : public redis::Evaluation {
 public:
  explicit Renewal(Leases& leases) : leases_(leases), arena_(leases.loop_.scratch()) {}

  // False if no server accepts it.
  bool begin(const RateClaim& claim, std::int64_t units) {
    arena_.reset();
    claim_ = claim;
    claim_.cost = 0;
    claim_.lease = units;
    claim_.marked = true;
    limiter_ = leases_.limiter_;
    begun_ = leases_.loop_.eventTime();
    const redis::Words words =
        fleetQuestion({&claim_, 1}, leases_.counts_, Taking::kTakeMore, arena_);
    const bool begun = leases_.fleet_.servers().evaluate(words, *this);
    if (!begun) end(false);
    return begun;
  }

 private:
  void onResult(const redis::Reply& reply) override {
    leases_.asked_.observe(leases_.loop_.eventTime() - begun_);
    bool allowed = false;
    const bool read = readFleetReply(reply, {&claim_, 1}, allowed, Taking::kTakeMore);
    if (!read) leases_.fleet_.noteRefusal(reply.text());
    end(read);
  }
  void onNoResult() override { end(false); }
  void end(bool replied) {
    leases_.settle(*limiter_, {&claim_, 1}, replied);
    limiter_ = nullptr;
    leases_.idle_.push_back(this);
  }

  Leases& leases_;
  Arena arena_;
  RateClaim claim_;
  std::shared_ptr<const Limiter> limiter_;  // while it waits for the reply
  Nanoseconds begun_{0};
};

Leases::Leases(Fleet& fleet, event::Loop& loop, const FleetCounts& counts, Histogram asked)
    : fleet_(fleet), loop_(loop), counts_(counts), asked_(asked) {}

Leases::~Leases() {
  for (const auto& renewal : renewals_) redis::Servers::cancel(*renewal);
}

std::optional<bool> Leases::decide(std::span<RateClaim> claims, std::uint32_t nodes) {
  const auto takes = [](const RateClaim& claim) { return claim.cost > 0; };
  if (!std::all_of(claims.begin(), claims.end(), takes)) return std::nullopt;
  if (takeAll(claims)) {
    for (const RateClaim& claim : claims) renew(claim, claim.lease, nodes);
    return true;
  }
  // Refused without a question if the server would: others only take from its buckets.
  bool refused = false;
  for (RateClaim& claim : claims) {
    const std::int64_t there = limiter_->leases(claim.rule).units(claim.key, now());
    describe(claim, there);
    refused = refused || !claim.decision.allowed;
  }
  if (refused) return false;
  return std::nullopt;
}

// Uses the leases of all claims, or of none. What is left is then `lease` of each.
bool Leases::takeAll(std::span<RateClaim> claims) {
  const auto take = [this](RateClaim& claim) {
    const auto left = limiter_->leases(claim.rule).take(claim.key, claim.cost, now());
    claim.lease = left.value_or(0);
    return left.has_value();
  };
  const auto missing = std::find_if_not(claims.begin(), claims.end(), take);
  if (missing != claims.end()) {
    std::for_each(claims.begin(), missing, [this](const RateClaim& claim) {
      limiter_->leases(claim.rule).giveBack(claim.key, claim.cost, now());
    });
    return false;
  }
  for (RateClaim& claim : claims) {
    const std::int64_t cost = std::exchange(claim.cost, 0);
    describe(claim, claim.lease);
    claim.cost = cost;
  }
  return true;
}

// Sets the decision by the latest reply about the bucket, and `left` units of a lease.
void Leases::describe(RateClaim& claim, std::int64_t left) const {
  const RateTable& replied = limiter_->replied(claim.rule);
  claim.decision = replied.look(claim.key, claim.rate, claim.cost, claim.at(now()));
  if (left >= claim.cost) claim.decision.allowed = true;
  claim.decision.remaining = std::min(claim.rate.burst, claim.decision.remaining + left);
}

bool Leases::mark(const RateClaim& claim) const {
  const Milliseconds until = now() + fleet_.server().timeout + kMarkAfterTimeout;
  return limiter_->leases(claim.rule).mark(claim.key, until, now());
}

// In the background, if less than half of the lease is left.
void Leases::renew(const RateClaim& claim, std::int64_t left, std::uint32_t nodes) {
  const std::int64_t size = leaseSize(claim, nodes);
  if (2 * left >= size) return;
  if (idle_.empty()) {
    if (renewals_.size() >= kMostRenewals) return;
    idle_.push_back(renewals_.emplace_back(std::make_unique<Renewal>(*this)).get());
  }
  if (!mark(claim)) return;
  Renewal* const renewal = idle_.back();
  idle_.pop_back();
  renewal->begin(claim, size - left);
}

void Leases::ask(std::span<RateClaim> claims, std::uint32_t nodes) {
  for (RateClaim& claim : claims) {
    claim.lease = 0;
    if (claim.cost <= 0) continue;
    LeaseTable& leases = limiter_->leases(claim.rule);
    const std::int64_t size = leaseSize(claim, nodes);
    if (leases.take(claim.key, claim.cost, now())) claim.leased = std::exchange(claim.cost, 0);
    const std::int64_t there = leases.units(claim.key, now());
    claim.marked = there < size && mark(claim);
    if (claim.marked) claim.lease = size - there;
  }
}

// The leases that ask() has used up.
void Leases::giveBack(std::span<RateClaim> claims) {
  for (RateClaim& claim : claims) {
    if (claim.leased == 0) continue;
    claim.cost = std::exchange(claim.leased, 0);
    limiter_->leases(claim.rule).giveBack(claim.key, claim.cost, now());
  }
}

bool Leases::onReply(std::span<RateClaim> claims, bool allowed) {
  settle(*limiter_, claims, true);
  if (!allowed) {
    giveBack(claims);
    // A lease may have arrived in the meantime.
    if (takeAll(claims)) return true;
  }
  for (RateClaim& claim : claims) {
    const std::int64_t there = limiter_->leases(claim.rule).units(claim.key, now());
    claim.decision.remaining = std::min(claim.rate.burst, claim.decision.remaining + there);
  }
  return allowed;
}

void Leases::onNoReply(std::span<RateClaim> claims) {
  settle(*limiter_, claims, false);
  giveBack(claims);
}

void Leases::settle(const Limiter& limiter, std::span<const RateClaim> claims, bool replied) {
  for (const RateClaim& claim : claims) {
    if (replied) {
      limiter.replied(claim.rule).put(claim.key, claim.decision.until_full, claim.at(now()));
    }
    if (!claim.marked) continue;
    const std::int64_t units = replied ? claim.lease : 0;
    const Milliseconds expiry = replied ? expiryOf(claim, now()) : now();
    limiter.leases(claim.rule).put(claim.key, units, expiry, now());
  }
}

}  // namespace weir::gateway
