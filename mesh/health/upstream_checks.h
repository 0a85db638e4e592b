#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "core/base/linked.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/upstream/health_checks.h"
#include "mesh/health/health_verdict.h"
#include "mesh/health/log_budget.h"
#include "mesh/health/one_endpoint.h"
#include "mesh/health/probe.h"

namespace weir::mesh::health {

// The checks of one upstream: when each endpoint is due, and its results.
class UpstreamChecks final : public Linked<UpstreamChecks> {  // of those that wait for a place
 public:
  static constexpr std::size_t kMostRunning = 128;
  static constexpr Milliseconds kPause{100};  // between two publications

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void onDue(UpstreamChecks& upstream) = 0;   // startNext() is wanted
    virtual void onDone(UpstreamChecks& upstream) = 0;  // a check has ended
    virtual void onHealth(NameId cluster, const upstream::SharedHealth& health,
                          std::size_t unhealthy) = 0;
    virtual void onSettled() = 0;
  };
  struct Tools {
    event::Loop& loop;
    net::Connector& connector;
    MetricCells& cells;
    Random& random;
    Owner& owner;
  };

  UpstreamChecks(const Tools& tools, const upstream::SharedClusterPlan& plan);
  ~UpstreamChecks();
  UpstreamChecks(const UpstreamChecks&) = delete;
  UpstreamChecks& operator=(const UpstreamChecks&) = delete;

  void configure(const upstream::SharedClusterPlan& plan);
  void setEndpoints(const upstream::SharedEndpoints& endpoints);
  bool settled() const { return undecided_ == 0; }
  const upstream::CheckedEndpoint* find(const net::Address& endpoint) const;

  bool wantsPlace() const { return !queue_.empty() && running_ < kMostRunning; }
  void startNext();  // the endpoint that has been due longest; only if it wants a place
  std::size_t running() const { return running_; }
  // For the owner: whether it is in the list of those that wait.
  bool waits() const { return waits_; }
  void setWaits(bool waits) { waits_ = waits; }

 private:
  // A check in progress.
  struct Running final : event::Disposable {
    upstream::SharedClusterPlan plan;  // whose options it uses
    std::unique_ptr<OneEndpoint> endpoint;
    std::unique_ptr<Probe> probe;  // ends first
  };
  // An endpoint between its checks.
  struct Idle final : event::Disposable {
    std::unique_ptr<OneEndpoint> endpoint;
  };
  struct Entry final : Linked<Entry> {
    Entry(UpstreamChecks& owner, const net::Address& to);
    void onDue() { upstream.enqueue(*this); }

    UpstreamChecks& upstream;
    const net::Address address;
    HealthVerdict verdict;
    upstream::CheckedEndpoint seen;
    Milliseconds started{0};
    bool queued = false;
    bool listed = true;
    std::unique_ptr<Running> running;
    std::unique_ptr<OneEndpoint> kept;  // with TLS: for its session
    event::Alarm<Entry, &Entry::onDue> due;
  };
  using Entries = std::unordered_map<net::Address, std::unique_ptr<Entry>, upstream::AddressHash>;

  const upstream::HealthCheckOptions& options() const { return *plan_->options.health_check; }
  void add(const net::Address& address, std::unique_ptr<Entry>& place);
  void dropUnlisted();
  void release(Entry& entry);
  void enqueue(Entry& entry);
  void start(Entry& entry);
  std::unique_ptr<OneEndpoint> endpointOf(Entry& entry);
  void onProbed(Entry& entry, const ProbeOutcome& outcome);
  void judge(Entry& entry, bool success);
  void noteChange(const Entry& entry, bool effective);
  Milliseconds pauseAfter(const Entry& entry);
  void countUnhealthy(const Entry& entry, bool add);
  void settle();
  void publishSoon();
  void publish();
  void onPause();
  NameId id() const { return plan_->id; }

  const Tools tools_;
  upstream::SharedClusterPlan plan_;
  std::unique_ptr<CheckCommons> commons_;
  upstream::SharedClusterPlan plan_of_checks_;
  upstream::SharedEndpoints endpoints_;
  LinkedList<Entry> queue_;  // due, the longest first
  std::size_t running_ = 0;
  std::size_t undecided_ = 0;  // not checked yet
  std::size_t unhealthy_ = 0;
  bool changed_ = false;  // since the latest publication
  bool waits_ = false;
  LogBudget log_;
  event::Alarm<UpstreamChecks, &UpstreamChecks::onPause> pause_;
  Entries entries_;
};

}  // namespace weir::mesh::health
