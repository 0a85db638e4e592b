#pragma once

#include <cstddef>

#include "core/base/linked.h"
#include "core/upstream/pool_waiter.h"

namespace weir::upstream {

// The share of the upstreams that one client connection uses, or one request of HTTP/1. Cancelled
// requests count until their responses have arrived or their connections are closed: beyond a limit
// the client's next requests wait, so that cancelled requests delay their own client before they
// delay others.
//
// Owned by: the client's connection or the exchange; outlives attempts, though not their
//           connections.
class Share {
 public:
  static constexpr std::size_t kMostTakenBack = 16;

  // A connection that reads the response to a cancelled request.
  struct Charge : Linked<Charge> {
    Share* share = nullptr;  // null: not charged
  };

  explicit Share(std::size_t most = kMostTakenBack) : most_(most) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() {
    while (!charges_.empty()) release(*charges_.front());
  }

  bool spent() const { return charges_.size() >= most_; }
  std::size_t takenBack() const { return charges_.size(); }

 private:
  friend class Cluster;
  friend class EndpointPool;

  void charge(Charge& charge) {
    charge.share = this;
    charges_.pushBack(charge);
  }
  void release(Charge& charge) {
    charges_.remove(charge);
    charge.share = nullptr;
  }

  const std::size_t most_;
  LinkedList<Charge> charges_;
  LinkedList<PoolWaiter::Link> waiting_;  // until the share is no longer spent
};

}  // namespace weir::upstream
