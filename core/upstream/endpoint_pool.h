#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/net/connector.h"
#include "core/tls/session_store.h"
#include "core/upstream/balancer.h"
#include "core/upstream/client_connection.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/fair_queue.h"
#include "core/upstream/pool_waiter.h"
#include "core/upstream/share.h"

namespace weir::upstream {

// State shared by the pools of a cluster, and their totals.
struct PoolTotals {
  std::size_t open = 0;     // connections, including those of tunnels
  std::size_t idle = 0;     // of the open ones
  std::size_t waiting = 0;  // exchanges, at the limit of connections
  bool leaving = false;     // only connections in use are kept
  std::uint64_t terms = 0;  // counts the changes of the requirements on endpoints
  Gauge open_gauge;
  Gauge idle_gauge;
  Counter reused;
};

// The interface of the cluster to its pools.
class PoolOwner {
 public:
  virtual ~PoolOwner() = default;
  virtual const ClusterPlan& plan() const = 0;
  virtual void wantsPass(EndpointPool&) = 0;  // pass() must be called at the end of the turn
  virtual void serveAgain(PoolWaiter&) = 0;   // the awaited connection does not serve it
  virtual void askAgain(PoolWaiter&) = 0;     // the share of its client is no longer spent
  virtual void onConnected(const ClientConnection&) = 0;
  virtual void onConnectFailed(const Error&) = 0;
  virtual void onRevoked() = 0;
  virtual void onPlaceFree(EndpointPool&) = 0;  // a connection was closed
};

// The connections of one worker to one endpoint, and the waiters for connections being established.
//
// Offers and counts follow from the states of connections, and these from their codecs: the state
// of a connection is checked again before it is lent, so that a connection whose session has ended
// is never on offer.
class EndpointPool final : public Member, public event::Disposable, private ClientConnectionEvents {
 public:
  struct Tools {
    event::Loop& loop;
    net::Connector& connector;
    Random& random;
    PoolTotals& totals;
  };
  EndpointPool(const Tools& tools, PoolOwner& owner) : tools_(tools), owner_(owner) {}
  EndpointPool(const EndpointPool&) = delete;
  EndpointPool& operator=(const EndpointPool&) = delete;

  // A connection that takes one more such exchange, preferably a busy one; null: none.
  ClientConnection* offer(const Demand& demand) {
    ClientConnection* const shared = busy_.empty() ? nullptr : offerShared(demand);
    return shared != nullptr ? shared : offerOf(idle_, demand);
  }
  ClientConnection* offerShared(const Demand& demand) { return offerOf(busy_, demand); }
  bool offersReused() const { return !idle_.empty() || !busy_.empty(); }
  void give(PoolWaiter& waiter, ClientConnection& connection);

  // Whether connections of this endpoint can serve such a request at all.
  bool canServe(const Demand& demand) const;
  // Whether a connection is being established on which no other waiter relies.
  bool mayExpect(const Demand& demand) const;
  void expect(PoolWaiter& waiter);   // waits for such a connection
  void connect(PoolWaiter& waiter);  // opens one for it; the cluster has reserved a place
  void cancelExpected(PoolWaiter& waiter);
  // At the end of the turn: assigns connections that have become ready or free to those who wait
  // for connections being established, and finds others for waiters whose connection was lost.
  void pass();

  // Closes the connection that has been idle longest. False if there is none.
  bool evictIdle();
  // Closes idle connections that need not be kept.
  void update() { forEach(&EndpointPool::place); }
  // The plan has other terms: connections made under the old ones take no further exchange.
  void renew();
  // Examines connections made under earlier terms of TLS until the clock shows `until`, and revokes
  // those whose peer does not meet the latest ones. False if there are more.
  bool recheck(const tls::ClientConfig& tls, Nanoseconds until);
  void closeAll() { forEach(&EndpointPool::drop); }

  std::size_t open() const { return connections_.size() + tunnels_; }
  tls::SessionStore* sessions();             // null: plaintext
  FairQueue& waiting() { return waiting_; }  // for this endpoint, at the limit
  // Connections of tunnels, which are not in the pool.
  void addTunnel() { countTunnels(1); }
  void removeTunnel() { countTunnels(-1); }
  // Whether it wants a pass. Returns the previous value.
  bool setWanting(bool wanting) { return std::exchange(wanting_, wanting); }
  bool unused() const { return in_flight == 0 && open() == 0; }

 private:
  using State = ClientConnection::State;
  using Offers = LinkedList<ClientConnection::Offer>;
  // The kind of a new connection: any version, or HTTP/1 for requests that HTTP/2 cannot carry
  // there.
  enum class Kind : std::uint8_t { kAny, kHttp1 };
  static constexpr std::size_t kKinds = 2;
  struct Expected {
    LinkedList<PoolWaiter::Link> waiters;
    std::size_t room = 0;  // of the connections being established
  };

  void onReady(ClientConnection& connection) override;
  void onChanged(ClientConnection& connection) override { place(connection); }
  void onRestBegin(ClientConnection& connection) override;
  void onRestEnd(ClientConnection& connection) override;
  void onConnectFailed(ClientConnection& connection, Error error) override;
  void onClosed(ClientConnection& connection) override;

  ClientConnection* offerOf(Offers& offers, const Demand& demand);
  bool suits(ClientConnection& connection, const Demand& demand) const {
    if (demand.fresh && !isFresh(connection)) return false;
    if (!demand.upgrade) return true;
    return demand.by_http1 ? !connection.multiplexes() : connection.codec().takesUpgrades();
  }
  bool anyoneWaits() const;
  bool isFresh(const ClientConnection& connection) const {
    return connection.record().ready_in == pass_;
  }
  State stateOf(const ClientConnection& connection) const {
    const State now = connection.state();
    if (now > State::kFull || !retiring() || isFresh(connection)) return now;
    return State::kDraining;
  }
  void place(ClientConnection& connection);
  void move(ClientConnection& connection, State to);
  void countOpen(ClientConnection& connection, State from, State to);
  void remove(ClientConnection& connection);
  static void discharge(ClientConnection& connection);
  void drop(ClientConnection& connection);
  void leave(ClientConnection& connection);
  void forEach(void (EndpointPool::*visit)(ClientConnection& connection));
  Kind kindFor(const Demand& demand) const;
  static Kind kindOf(const ClientConnection& connection) {
    return connection.record().http1_only ? Kind::kHttp1 : Kind::kAny;
  }
  Expected& expected(Kind kind) { return expected_[static_cast<std::size_t>(kind)]; }
  const Expected& expected(Kind kind) const { return expected_[static_cast<std::size_t>(kind)]; }
  std::size_t promiseOf(Kind kind) const;
  Result<void> dial(ClientConnection& connection);
  void learn(ClientConnection& connection);
  void limitLifetime(ClientConnection& connection);
  void serveExpected(Kind kind);
  void failExpected(Kind kind, Error error);
  void countTunnels(int change);
  bool retiring() const { return !listed || tools_.totals.leaving; }

  Tools tools_;
  PoolOwner& owner_;
  LinkedList<ClientConnection> connections_;  // all that are not closed
  Offers idle_;                               // idle ones, the latest first
  Offers busy_;
  std::array<Expected, kKinds> expected_;
  FairQueue waiting_;
  std::size_t tunnels_ = 0;
  bool wanting_ = false;
  std::uint64_t pass_ = 1;  // the number of the next pass; a connection is fresh in its first pass
  // The capabilities of the latest connections.
  std::optional<bool> multiplexes_;
  std::optional<bool> takes_upgrades_;
  std::optional<std::size_t> most_;              // concurrent exchanges
  std::unique_ptr<tls::SessionStore> sessions_;  // with TLS, from the first connection on
};

}  // namespace weir::upstream
