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

// The requirements of an exchange on the connection that it borrows.
struct Demand {
  bool fresh = false;     // the connection has carried no exchange before
  bool once = false;      // the request cannot be sent twice: see Cluster::acquire()
  bool upgrade = false;   // the connection can switch to another protocol
  bool by_http1 = false;  // an upgrade that extended CONNECT cannot express
  // The client may reset the request in the turn in which it arrived: it gets a connection only at
  // the end of the turn.
  bool revocable = false;
  Share* share = nullptr;  // of the client's connection; null: for weir's own requests
};

// The connection that an exchange gets from a cluster.
struct PooledConnection {
  http::ClientCodec& codec;
  const net::PeerCertificate* peer;  // of the endpoint; null: it sent none, or none was verified
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
  // kExhausted: the limits of the cluster; otherwise the error of connecting.
  virtual void onAcquireFailed(Error error) = 0;

 private:
  friend class Cluster;
  friend class EndpointPool;
  // The place where it waits.
  enum class Place : std::uint8_t {
    kNowhere,
    kTurnEnd,     // until all events of this turn are known
    kConnecting,  // for a connection to its endpoint that is being established
    kQueue,       // at the limit of connections
    kShare,       // until fewer requests cancelled by its client are in progress
  };
  friend class FairQueue;
  friend class Share;
  // Its place in one of the lists above.
  struct Link : Linked<Link> {
    explicit Link(PoolWaiter& owner) : waiter(owner) {}
    PoolWaiter& waiter;
  };
  // Its turn, if it is in the queue.
  struct Turn : Linked<Turn> {
    explicit Turn(PoolWaiter& owner) : waiter(owner) {}
    PoolWaiter& waiter;
    std::uint64_t round = 0;
  };
  const Share* share() const { return demand_.share; }

  Link link_{*this};
  Turn turn_{*this};         // among all waiters
  Turn of_endpoint_{*this};  // among the waiters for the same endpoint
  EndpointPool* pool_ = nullptr;
  Nanoseconds asked_at_{0};
  Demand demand_;
  Place place_ = Place::kNowhere;
  bool expects_http1_ = false;  // kConnecting: for a connection that speaks only HTTP/1
  std::uint8_t tries_ = 0;      // connections being established that did not serve it
};

}  // namespace weir::upstream
