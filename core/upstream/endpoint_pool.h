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

// What the pools of a cluster share, and what they add up to.
struct PoolTotals {
  std::size_t open = 0;     // connections; those of tunnels, too
  std::size_t idle = 0;     // of them
  std::size_t waiting = 0;  // exchanges, at the limit of connections
  bool leaving = false;     // nothing is kept that is not in use
  Gauge open_gauge;
  Gauge idle_gauge;
  Counter reused;
};

// The cluster as its pools see it.
class PoolOwner {
 public:
  virtual ~PoolOwner() = default;
  virtual const ClusterPlan& plan() const = 0;
  virtual void wantsPass(EndpointPool&) = 0;  // pass() is to be called at the end of the turn
  virtual void serveAgain(PoolWaiter&) = 0;   // what it waited for does not serve it
  virtual void askAgain(PoolWaiter&) = 0;     // its client's share is no longer spent
  virtual void onConnected(const ClientConnection&) = 0;
  virtual void onConnectFailed(const Error&) = 0;
  virtual void onPlaceFree(EndpointPool&) = 0;  // a connection has gone
};

// The connections of one worker to one endpoint, and who waits for those that are on their way.
//
// What is on offer and what is counted follows from the states of connections, and these from their
// codecs: a connection is looked at again before it is lent, so that none is on offer whose session
// has ended.
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

  // A connection that takes one more exchange of that kind, the busiest kind first; null: none.
  ClientConnection* offer(const Demand& demand) {
    ClientConnection* const shared = busy_.empty() ? nullptr : offerShared(demand);
    return shared != nullptr ? shared : offerOf(idle_, demand);
  }
  ClientConnection* offerShared(const Demand& demand) { return offerOf(busy_, demand); }
  bool offersReused() const { return !idle_.empty() || !busy_.empty(); }
  void give(PoolWaiter& waiter, ClientConnection& connection);

  // Whether connections of this endpoint can serve it at all.
  bool canServe(const Demand& demand) const;
  // Whether a connection is on its way that nobody else counts on.
  bool mayExpect(const Demand& demand) const;
  void expect(PoolWaiter& waiter);   // waits for one
  void connect(PoolWaiter& waiter);  // opens one for it; the cluster has found a place
  void cancelExpected(PoolWaiter& waiter);
  // At the end of the turn: acquires what has become ready or free to those who wait for a
  // connection on its way, and finds another for those who have lost theirs.
  void pass();

  // Closes the connection that has been idle for longest. False when there is none.
  bool evictIdle();
  // Connections that are idle, and need not be kept, are closed.
  void update() { forEach(&EndpointPool::place); }
  // The plan has other terms: what was made under the old ones takes no further exchange.
  void renew();
  void closeAll() { forEach(&EndpointPool::drop); }

  std::size_t open() const { return connections_.size() + tunnels_; }
  tls::SessionStore* sessions();             // null: in the clear
  FairQueue& waiting() { return waiting_; }  // for it, at the limit
  // Connections of tunnels, which are not in the pool.
  void addTunnel() { countTunnels(1); }
  void removeTunnel() { countTunnels(-1); }
  bool setWanting(bool wanting) { return std::exchange(wanting_, wanting); }  // a pass; before
  bool unused() const { return in_flight == 0 && open() == 0; }

 private:
  using State = ClientConnection::State;
  using Offers = LinkedList<ClientConnection::Offer>;
  // What is opened: whatever is agreed on, or HTTP/1 for what HTTP/2 cannot carry there.
  enum class Kind : std::uint8_t { kAny, kHttp1 };
  static constexpr std::size_t kKinds = 2;
  struct Expected {
    LinkedList<PoolWaiter::Link> waiters;
    std::size_t room = 0;  // of the connections that are on their way
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
  Offers idle_;                               // of them; latest first
  Offers busy_;
  std::array<Expected, kKinds> expected_;
  FairQueue waiting_;
  std::size_t tunnels_ = 0;
  bool wanting_ = false;
  std::uint64_t pass_ = 1;  // the number of the next; a connection is fresh in its first
  // What the latest connections turned out to do.
  std::optional<bool> multiplexes_;
  std::optional<bool> takes_upgrades_;
  std::optional<std::size_t> most_;              // exchanges at the same time
  std::unique_ptr<tls::SessionStore> sessions_;  // with TLS, from the first connection on
};

}  // namespace weir::upstream
