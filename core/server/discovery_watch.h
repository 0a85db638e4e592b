#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/event/wheel.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/discovery.h"
#include "core/upstream/metrics.h"

namespace weir::state {
class Directory;
}

namespace weir::server {

// One cluster's discovery and its latest result, under the rules that hold for every source:
//
// - A failure never changes the endpoints in use; it makes them stale.
// - That there are no endpoints any more is believed after `empty_hold`.
// - The first change is published at once, further ones after kPause, and after kStormPause if
//   they do not end.
// - The latest endpoints are saved, and used after a restart until the source answers.
//
// Thread: the control thread.
class DiscoveryWatch final : private upstream::DiscoveryEvents {
 public:
  static constexpr Milliseconds kPause{100};
  static constexpr Milliseconds kStormPause{1'000};
  static constexpr unsigned kStorm = 10;  // publications without a pause
  static constexpr std::size_t kMostEndpoints = 100'000;

  struct State {
    upstream::SharedEndpoints endpoints;  // in use; null: no answer yet
    bool stale = false;
    std::string failure;  // of the latest query; empty if it was answered
  };

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void onEndpoints(NameId cluster, const upstream::SharedEndpoints& endpoints) = 0;
    virtual void onAnswer() = 0;  // also by a failure
  };
  struct Tools {
    const upstream::DiscoveryTools& discovery;
    MetricCells& cells;
    state::Directory* state;  // null: nothing is saved
    Owner& owner;
  };

  DiscoveryWatch(const Tools& tools, const upstream::SharedClusterPlan& cluster);
  ~DiscoveryWatch() override;
  DiscoveryWatch(const DiscoveryWatch&) = delete;
  DiscoveryWatch& operator=(const DiscoveryWatch&) = delete;

  void start();
  // Settings other than those of the source may differ.
  void configure(const upstream::SharedClusterPlan& cluster) { cluster_ = cluster; }
  void lookAgain() { discovery_->lookAgain(); }
  const upstream::DiscoverySource& source() const { return *source_; }
  const State& state() const { return state_; }
  bool answered() const { return answered_; }
  void showStaleness();  // before a scrape
  // The number of endpoints that health checks found unhealthy.
  void setUnhealthy(std::size_t count);

 private:
  static constexpr Milliseconds kFirstSave{1'000};
  static constexpr Milliseconds kSave{10'000};
  static constexpr Nanoseconds kLogAgain = std::chrono::minutes(1);

  void onEndpoints(upstream::SharedEndpoints endpoints) override;
  void onDiscoveryFailed(std::string_view what) override;

  void holdEmpty();
  void onEmptyHeld();
  void accept(upstream::SharedEndpoints endpoints);
  void publish();
  void onPause();
  void markStale(std::string_view why);
  void restore();
  void onSave();
  std::string entryName() const;
  void count(upstream::DiscoveryResult result);
  void showEndpoints();
  void setEndpointsGauge(upstream::EndpointState state, std::size_t count);
  void logEndpoints() const;
  void log(std::string_view text) const;
  NameId id() const { return cluster_->id; }

  const Tools tools_;
  upstream::SharedClusterPlan cluster_;
  const std::shared_ptr<const upstream::DiscoverySource> source_;
  State state_;
  upstream::SharedEndpoints next_;  // to be published; null: none
  Nanoseconds next_since_{0};
  unsigned in_a_row_ = 0;      // publications
  std::size_t unhealthy_ = 0;  // endpoints
  Nanoseconds stale_since_{0};
  Nanoseconds logged_at_{0};
  bool answered_ = false;
  bool saved_ = false;
  event::Alarm<DiscoveryWatch, &DiscoveryWatch::onPause> pause_;
  event::Alarm<DiscoveryWatch, &DiscoveryWatch::onEmptyHeld> hold_;
  event::Alarm<DiscoveryWatch, &DiscoveryWatch::onSave> save_;
  std::unique_ptr<upstream::Discovery> discovery_;  // ends first
};

}  // namespace weir::server
