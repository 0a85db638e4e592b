#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/ip_range.h"
#include "core/base/keyed_hash.h"
#include "core/event/work_queue.h"
#include "gateway/auth/basic/verified_pairs.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway::basic {

// The queue of passwords to verify, one for all filters of the process.
class HashQueue {
 public:
  static constexpr std::size_t kMostWaiting = 64;

  const std::shared_ptr<const event::WorkQueue>& queue() const { return queue_; }

 private:
  const std::shared_ptr<const event::WorkQueue> queue_ =
      std::make_shared<const event::WorkQueue>(event::threadsForSlowWork(), kMostWaiting);
};

// What all workers share for one filter, besides the users. Kept when the file of users changes.
//
// Thread: any.
class Guard {
 public:
  Guard(std::shared_ptr<const event::WorkQueue> queue, std::uint32_t failures_per_minute);

  const std::shared_ptr<const event::WorkQueue>& queue() const { return queue_; }
  PairDigest digestOf(std::string_view name, std::string_view password) const;
  // Whether passwords from the address may be verified; otherwise, the time until they may.
  Decision look(const IpAddress& client) const;
  void noteFailure(const IpAddress& client) const;

 private:
  static constexpr std::size_t kMostAddresses = 16'384;
  std::uint64_t keyOf(const IpAddress& client) const;

  const std::shared_ptr<const event::WorkQueue> queue_;
  const std::string secret_;
  const KeyedHash hash_;
  const UnitRate rate_;
  const std::unique_ptr<RateTable> failures_;
};

}  // namespace weir::gateway::basic
