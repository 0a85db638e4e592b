#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/metric_cells.h"
#include "core/event/loop.h"
#include "gateway/limit/fleet.h"
#include "gateway/limit/limiter.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {

// Decides without the server that all instances share: by units that were taken from its counts in
// advance, which requests use up without a wait, and by what the server has replied about callers
// that have used up their limits. Leases are renewed while they are used, in the background.
//
// An instance has at most leaseSize() units of a key. They expire a second after they were taken
// or when the bucket would be full in any case, whichever is later, so that they are not lost.
//
// Thread: the worker.
class Leases {
 public:
  Leases(Fleet& fleet, event::Loop& loop, const FleetCounts& counts, Histogram asked);
  ~Leases();
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  void use(std::shared_ptr<const Limiter> limiter) { limiter_ = std::move(limiter); }
  // Decides about a request; nullopt: the server must be asked. `nodes`: the instances.
  std::optional<bool> decide(std::span<RateClaim> claims, std::uint32_t nodes);

  // Before the server is asked about a request: uses the leases of some claims if they suffice, and
  // sets those that the request takes with it.
  void ask(std::span<RateClaim> claims, std::uint32_t nodes);
  // After each ask(): the server has replied, or has not. Returns whether the request is allowed.
  bool onReply(std::span<RateClaim> claims, bool allowed);
  void onNoReply(std::span<RateClaim> claims);

 private:
  class Renewal;
  static constexpr std::size_t kMostRenewals = 1'024;  // at a time

  void settle(const Limiter& limiter, std::span<const RateClaim> claims, bool replied);
  bool takeAll(std::span<RateClaim> claims);
  void giveBack(std::span<RateClaim> claims);
  void describe(RateClaim& claim, std::int64_t left) const;
  void renew(const RateClaim& claim, std::int64_t left, std::uint32_t nodes);
  bool mark(const RateClaim& claim) const;
  Milliseconds now() const { return loop_.now(); }

  Fleet& fleet_;
  event::Loop& loop_;
  const FleetCounts counts_;
  const Histogram asked_;
  std::shared_ptr<const Limiter> limiter_;
  std::vector<std::unique_ptr<Renewal>> renewals_;
  std::vector<Renewal*> idle_;  // of these
};

// Most units of a key that one of `nodes` instances takes in advance; 0: none, because the burst is
// too small to be divided.
std::int64_t leaseSize(const RateClaim& claim, std::uint32_t nodes);

}  // namespace weir::gateway
