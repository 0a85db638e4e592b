#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/linked.h"
#include "core/http/codec.h"
#include "core/net/security.h"

namespace weir::upstream {

class EndpointPool;
class Share;

// What an exchange asks of the connection that it borrows.
struct Demand {
  bool fresh = false;     // it has carried no exchange before
  bool once = false;      // the request cannot be sent a second time: see Cluster::acquire()
  bool upgrade = false;   // it can switch to another protocol
  bool by_http1 = false;  // an upgrade that extended CONNECT cannot ask for
  // The client may take the request back in the very turn in which it came: it gets a connection
  // at the end of the turn only.
  bool revocable = false;
  Share* share = nullptr;  // of the client's connection; null: of weir's own requests
};

// What an exchange gets from a cluster.
struct PooledConnection {
  http::ClientCodec& codec;
  const net::PeerCertificate* peer;  // that the endpoint showed; null: none, or nobody checked it
  bool reused;  // carried exchanges before, so the peer may be closing it at this moment
};

// Waits for a connection. Implemented by Exchange.
class PoolWaiter {
 public:
  PoolWaiter() = default;
  PoolWaiter(const PoolWaiter&) = delete;
  PoolWaiter& operator=(const PoolWaiter&) = delete;
  virtual ~PoolWaiter() = default;
  virtual void onAcquired(const PooledConnection& lease) = 0;
  // kExhausted: the limits of the cluster; else why connecting failed.
  virtual void onAcquireFailed(Error error) = 0;

 private:
  friend class Cluster;
  friend class EndpointPool;
  // Where it waits.
  enum class Place : std::uint8_t {
    kNowhere,
    kTurnEnd,     // until what happened in this turn is known
    kConnecting,  // for a connection to its endpoint that is on its way
    kQueue,       // at the limit of connections
    kShare,       // until less of what its client took back is under way
  };
  friend class FairQueue;
  friend class Share;
  // Its place in one of the lists above.
  struct Link : Linked<Link> {
    explicit Link(PoolWaiter& owner) : waiter(owner) {}
    PoolWaiter& waiter;
  };
  // When its turn comes, if it is in the queue.
  struct Turn : Linked<Turn> {
    explicit Turn(PoolWaiter& owner) : waiter(owner) {}
    PoolWaiter& waiter;
    std::uint64_t round = 0;
  };
  const Share* share() const { return demand_.share; }

  Link link_{*this};
  Turn turn_{*this};         // among all who wait
  Turn of_endpoint_{*this};  // among those who wait for the same endpoint
  EndpointPool* pool_ = nullptr;
  Nanoseconds asked_at_{0};
  Demand demand_;
  Place place_ = Place::kNowhere;
  bool expects_http1_ = false;  // kConnecting: a connection that speaks nothing else
  std::uint8_t tries_ = 0;      // connections on their way that did not serve it
};

}  // namespace weir::upstream
