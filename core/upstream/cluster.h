#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/metric_keys.h"
#include "core/base/random.h"
#include "core/event/log_limit.h"
#include "core/event/loop.h"
#include "core/event/shared_count.h"
#include "core/net/proxy_protocol_writer.h"
#include "core/tls/client_terms.h"
#include "core/tls/session_store.h"
#include "core/upstream/balancer.h"
#include "core/upstream/client_connection.h"
#include "core/upstream/discovery.h"
#include "core/upstream/retry_budget.h"

namespace weir::upstream {

// How a cluster is to behave. Part of the plan.
struct ClusterOptions {
  Milliseconds connect_timeout{5'000};
  Milliseconds idle_timeout{60'000};     // of a connection that nobody uses
  std::uint32_t max_connections = 1024;  // of the whole process; 0: no limit
  std::uint32_t max_pending = 1024;      // exchanges that wait for a connection, per worker
  Milliseconds queue_timeout{3'000};     // for how long they wait
  http::VersionChoice protocol = http::VersionChoice::kAuto;
  http::h2::Options http2;  // its limits are those of responses in any version
  net::ProxyVersion proxy_protocol = net::ProxyVersion::kNone;  // of tunnels: ahead of everything

  friend bool operator==(const ClusterOptions& left, const ClusterOptions& right);
};

// A cluster as the plan has it: shared by all workers, immutable.
struct ClusterPlan {
  NameId id = 0;
  std::string_view name;  // lives as long as the NameTable
  ClusterOptions options;
  BalancerFactory balancer = nullptr;
  std::shared_ptr<const DiscoverySource> discovery;
  event::SharedCount* connections = nullptr;    // of all workers; outlives every plan
  event::LogLimit* failures = nullptr;          // of messages about it; likewise
  std::shared_ptr<const tls::ClientTerms> tls;  // null: in the clear
  // The same for tunnels, which agree on no protocol; there when a listener leads here.
  std::shared_ptr<const tls::ClientTerms> tunnel_tls;
};

// What an exchange gets from a cluster.
struct Lease {
  http::ClientCodec& codec;
  const net::PeerCertificate* peer;  // that the endpoint showed; null: none, or nobody checked it
  bool reused;  // carried exchanges before, so the peer may be closing it at this moment
};

// Waits for a connection. Implemented by Exchange.
class Borrower {
 public:
  virtual ~Borrower() = default;
  virtual void onLent(const Lease& lease) = 0;
  // kExhausted: the limits of the cluster; else why connecting failed.
  virtual void onLendFailed(Error error) = 0;

 private:
  friend class Cluster;
  Borrower* next_waiting_ = nullptr;
  Member* wanted_ = nullptr;
  ClientConnection* connecting_ = nullptr;
  Nanoseconds asked_at_{0};
  bool waiting_ = false;
};

// One worker's side of a cluster: its balancer, and the connections it keeps to each endpoint.
class Cluster final : private ClientConnectionEvents {
 public:
  struct Tools {
    event::Loop& loop;
    net::Connector& connector;
    Random& random;
    MetricCells& metrics;
  };
  Cluster(const Tools& tools, std::shared_ptr<const ClusterPlan> plan);
  ~Cluster() override;  // with no exchange in flight
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // A reload: connections, counts and balancing state stay where the options allow.
  void configure(std::shared_ptr<const ClusterPlan> plan);
  void setEndpoints(SharedEndpoints endpoints);
  bool knowsEndpoints() const { return endpoints_ != nullptr; }

  // Between these two an exchange may call the cluster, even if it leaves the plan meanwhile.
  void enter() { ++users_; }
  void leave() { --users_; }

  Member* pick(Tried tried) { return balancer_->pick(tried); }
  // Counts the attempt as in flight until done(). Calls back at once when a connection is idle.
  // `fresh`: not on a connection that has been used before.
  void lend(Member& member, Borrower& borrower, bool fresh);
  void cancel(Borrower& borrower);  // before it was called back
  void done(Member& member);        // the attempt is over, however it ended

  // For tunnels: begins to connect to a member. The connection is the caller's own; it is counted,
  // and the attempt as in flight, until hangUp(). `first` goes ahead of everything, TLS included.
  // kExhausted of local origin at the limit of connections: who carries bytes does not wait here.
  Result<std::unique_ptr<net::Stream>> dial(Member& member, std::string_view first);
  void noteDialed(Nanoseconds took) const { meters_.connect.observe(took); }
  void noteDialFailed(const Error& error) { countFailure(error.code); }
  void hangUp(Member& member);

  void closeIdle();  // the cluster is leaving: keeps nothing that is not in use
  bool quiet() const { return open_ == 0 && users_ == 0; }
  const ClusterPlan& plan() const { return *plan_; }
  RetryBudget& retryBudget() { return retry_budget_; }
  std::size_t open() const { return open_; }
  std::size_t idle() const { return idle_; }

 private:
  struct Slot : Member {
    ClientConnection* free_first = nullptr;  // that take another exchange, latest returned first
    ClientConnection* connecting = nullptr;  // the latest; for many exchanges at a time
    std::uint32_t expected = 0;              // that wait for it
    std::uint32_t connections = 0;
    std::optional<bool> multiplexes;              // what its latest connection turned out to do
    std::unique_ptr<tls::SessionStore> sessions;  // with TLS, from the first connection on
  };
  struct AddressHash {
    std::size_t operator()(const net::Address& address) const;
  };

  void onConnected(ClientConnection& connection) override;
  void onConnectFailed(ClientConnection& connection, Error error) override;
  void onFlushing(ClientConnection& connection) override;
  void onClosed(ClientConnection& connection) override;
  void onFree(ClientConnection& connection) override;

  static Slot& slotOf(const ClientConnection& connection);
  static bool isListed(const ClientConnection& connection);
  static void list(ClientConnection& connection);
  static void unlist(ClientConnection& connection);
  void setIdle(ClientConnection& connection, bool idle);
  static ClientConnection* findIdle(const Slot& slot);
  void serve(Slot& slot, Borrower& borrower, bool fresh);
  bool mayMultiplex(const Slot& slot) const;
  bool joinConnecting(Slot& slot, Borrower& borrower);
  void open(Slot& slot, Borrower& borrower);
  bool takePlace(Slot& slot);
  void freePlace(Slot& slot);
  Result<std::unique_ptr<net::Stream>> dialSlot(Slot& slot, std::string_view first);
  Result<void> connect(ClientConnection& connection, Slot& slot);
  void wait(Borrower& borrower);
  void serveWaiting();
  void onWaitTick();
  void unlinkWaiting(Borrower& borrower);
  void give(Borrower& borrower, ClientConnection& connection, bool reused);
  void forget(ClientConnection& connection);
  void closeIdle(Slot& slot);
  void closeIdle(ClientConnection& connection);
  Borrower* takeExpecting(ClientConnection& connection);
  bool makeRoom();
  bool atLimit() const;
  void dropIfUnused(Slot& slot);
  void countFailure(ErrorCode code);
  void countMtls(MtlsResult result);
  void refreshMembers();

  Tools tools_;
  std::shared_ptr<const ClusterPlan> plan_;
  SharedEndpoints endpoints_;
  std::unique_ptr<Balancer> balancer_;
  std::unordered_map<net::Address, std::unique_ptr<Slot>, AddressHash> slots_;
  // With those who wait for it, linked by next_waiting_; null: nobody does any more.
  std::unordered_map<ClientConnection*, Borrower*> connecting_;
  std::unordered_set<ClientConnection*> flushing_;
  std::uint64_t users_ = 0;
  std::size_t open_ = 0;
  std::size_t idle_ = 0;
  bool leaving_ = false;
  Borrower* waiting_first_ = nullptr;
  Borrower* waiting_last_ = nullptr;
  std::uint32_t waiting_count_ = 0;
  event::Alarm<Cluster, &Cluster::onWaitTick> wait_tick_;
  RetryBudget retry_budget_;

  struct Meters {
    Gauge active;
    Gauge idle;
    Counter reused;
    Histogram connect;
    Histogram pool_wait;
    Gauge queue_depth;
  } meters_;
};

}  // namespace weir::upstream
