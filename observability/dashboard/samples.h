#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/base/reason.h"
#include "observability/dashboard/traffic.h"
#include "observability/metrics/series.h"

namespace weir::dashboard {

// The state of an upstream that gauges show.
struct UpstreamGauges {
  std::int64_t healthy = 0;
  std::int64_t stale = 0;
  std::int64_t draining = 0;
  std::int64_t unhealthy = 0;
  std::int64_t connections = 0;
  std::int64_t idle_connections = 0;
  std::int64_t waiting = 0;  // attempts without a connection
  std::int64_t panic = 0;    // workers that use all endpoints
  std::int64_t ejected = 0;  // endpoints, once for each worker
};

// Replies of weir itself, and their reason.
struct LocalReplies {
  NameId listener = 0;
  NameId route = 0;
  NameId filter = 0;
  int status = 0;
  Reason reason = Reason::kNone;
  std::uint64_t count = 0;
  double per_second = 0;
};

// Handshakes of mutual TLS since the start.
struct MutualHandshakes {
  NameId peer = 0;  // the name required of a client, 0 if none was required; or the upstream
  bool inbound = false;
  bool accepted = false;
  std::uint64_t count = 0;
};

// The traffic of the last seconds and minutes, by route and upstream: sums of metric cells, kept
// while somebody looks at them. It has no timer: a sample is taken when one is needed and the
// latest is a second old, so that any number of viewers share it.
//
// Thread: the control thread.
class Samples {
 public:
  static constexpr Milliseconds kInterval{900};     // viewers ask once in a second
  static constexpr Milliseconds kPatience{10'000};  // after a longer gap, the history begins anew
  static constexpr std::size_t kWindow = 5;         // samples over which rates are measured
  static constexpr std::size_t kPoints = 300;       // of the history

  // A second of the history.
  struct Point {
    Nanoseconds at{0};  // of the wall clock, its end
    Traffic traffic = {};
  };

  bool due(Nanoseconds now) const;  // of the monotonic clock
  void take(const metrics::SeriesTable& table, Nanoseconds now, Nanoseconds wall);

  Traffic total() const { return recent(kTotal); }
  Traffic route(NameId route) const { return recent(find({Group::kRoute, 0, route})); }
  Traffic upstream(NameId upstream) const { return recent(find({Group::kUpstream, upstream})); }
  Traffic listener(NameId listener) const { return recent(find({Group::kListener, listener})); }
  Traffic arrival(NameId listener, NameId route) const {
    return recent(find({Group::kArrival, listener, route}));
  }
  // The same since the start.
  Sums totalSums() const { return latest(kTotal); }
  Sums routeSums(NameId route) const { return latest(find({Group::kRoute, 0, route})); }
  Sums upstreamSums(NameId upstream) const { return latest(find({Group::kUpstream, upstream})); }

  std::vector<LocalReplies> localReplies() const;
  UpstreamGauges gauges(NameId upstream) const;
  const std::vector<MutualHandshakes>& handshakes() const { return handshakes_; }
  std::int64_t inFlight() const { return in_flight_; }
  std::int64_t connections() const { return connections_; }
  const std::deque<Point>& points() const { return points_; }
  double windowSeconds() const;

 private:
  enum class Group : std::uint8_t { kNone, kTotal, kArrival, kRoute, kListener, kUpstream, kReply };
  struct Key {
    Group group = Group::kNone;
    NameId a = 0;  // listener or upstream
    NameId b = 0;  // route
    NameId c = 0;  // filter
    unsigned code = 0;
    unsigned reason = 0;
    auto operator<=>(const Key&) const = default;
  };
  using Slot = std::uint32_t;
  static constexpr Slot kNowhere = 0;  // a slot without counts, for keys that are not known
  static constexpr Slot kTotal = 1;

  struct Snapshot {
    Nanoseconds at{0};
    std::vector<Sums> sums;  // by slot
  };
  // A family whose series are added up. A series keeps its place, so that its slot is looked up
  // once.
  struct Followed {
    const MetricFamily* family;
    std::vector<Slot> slots = {};
  };
  struct Arrival {
    Slot arrival;
    Slot route;
    Slot listener;
  };

  static Key keyOf(const MetricKey& series);
  Slot place(const Key& key);
  Slot find(const Key& key) const;
  void addFamily(const metrics::SeriesTable& table, Followed& followed, std::vector<Sums>& sums);
  void addArrivals(std::vector<Sums>& sums) const;
  void readGauges(const metrics::SeriesTable& table);
  void readHandshakes(const metrics::SeriesTable& table);
  static const Sums& at(const Snapshot& snapshot, Slot slot);
  Traffic recent(Slot slot) const;
  Sums latest(Slot slot) const;

  std::vector<Followed> families_ = followed();
  static std::vector<Followed> followed();
  std::map<Key, Slot> slots_ = {{{Group::kNone}, kNowhere}, {{Group::kTotal}, kTotal}};
  std::vector<Arrival> arrivals_;
  std::deque<Snapshot> snapshots_;  // the latest last
  std::deque<Point> points_;
  std::unordered_map<NameId, UpstreamGauges> gauges_;
  std::vector<MutualHandshakes> handshakes_;
  std::int64_t in_flight_ = 0;
  std::int64_t connections_ = 0;
};

}  // namespace weir::dashboard
