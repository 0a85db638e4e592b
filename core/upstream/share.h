#pragma once

#include <cstddef>

#include "core/base/linked.h"
#include "core/upstream/pool_waiter.h"

namespace weir::upstream {

// What one client connection takes of the upstreams. Requests that it took back count until their
// answers have come or their connections are closed: beyond a number of them its next requests
// wait, so that what a client takes back delays itself before it delays others.
//
// Owned by: the client's connection; outlives its exchanges, though not their connections.
class Share {
 public:
  static constexpr std::size_t kMostTakenBack = 16;

  // A connection that reads the answer to a request that was taken back.
  struct Charge : Linked<Charge> {
    Share* share = nullptr;  // null: charged to nobody
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
  LinkedList<PoolWaiter::Link> waiting_;  // until it is no longer spent
};

}  // namespace weir::upstream
