#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/answer.h"
#include "core/event/loop.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// Schedules the queries of a DNS discovery, and reports the results.
//
// An answer is valid for its TTL, within bounds. After a failure the last good answer remains, and
// the pauses before further queries double.
class PollSchedule {
 public:
  static constexpr Milliseconds kShortest{1'000};
  static constexpr Milliseconds kLongest{300'000};
  static constexpr Milliseconds kWithoutTtl{5'000};
  static constexpr Milliseconds kFirstPause{1'000};
  static constexpr Milliseconds kLongestPause{30'000};

  // `look` is called for each query; found() or failed() must follow.
  PollSchedule(event::Loop& loop, std::function<void()> look);

  void start(upstream::DiscoveryEvents& events);  // queries immediately
  // Reports the endpoints if they have changed, or after failures.
  void found(std::vector<upstream::Endpoint> endpoints, dns::Ttl ttl);
  // As above, for an incomplete answer of which the rest is still to come.
  void foundSoFar(std::vector<upstream::Endpoint> endpoints);
  // As above, if a part of the query failed: the next query follows as after a failure. `what`
  // describes the outdated endpoints; empty if there are none.
  void foundPart(std::vector<upstream::Endpoint> endpoints, dns::Ttl ttl, std::string_view what);
  void failed(std::string_view what);
  void lookAgain();  // immediately
  bool known() const { return latest_ != nullptr; }

 private:
  void onTime() { look_(); }
  bool keep(std::vector<upstream::Endpoint>&& endpoints);  // true if they have changed
  Milliseconds pause() const;

  const std::function<void()> look_;
  event::Alarm<PollSchedule, &PollSchedule::onTime> time_;
  upstream::DiscoveryEvents* events_ = nullptr;
  upstream::SharedEndpoints latest_;
  unsigned failures_ = 0;  // since the latest answer
};

}  // namespace weir::mesh
