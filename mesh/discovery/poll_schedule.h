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
  static constexpr Milliseconds kLongest{3'600'000};
  static constexpr Milliseconds kWithoutTtl{5'000};
  static constexpr Milliseconds kFirstPause{1'000};
  static constexpr Milliseconds kLongestPause{30'000};
  static constexpr unsigned kBelieved = 3;  // reports that there is nothing

  // `look` is called for each query; found(), failed() or missing() must follow. An answer is valid
  // for at least `shortest`.
  PollSchedule(event::Loop& loop, std::function<void()> look, Milliseconds shortest = kShortest);

  // For the identity of a source; empty: the default.
  static std::string identityOf(Milliseconds shortest) {
    return shortest == kShortest ? "" : " " + std::to_string(shortest.count());
  }

  void start(upstream::DiscoveryEvents& events);  // queries immediately
  // Reports the endpoints if they have changed, or after failures.
  void found(std::vector<upstream::Endpoint> endpoints, dns::Ttl ttl);
  // As above, for an incomplete answer of which the rest is still to come.
  void foundSoFar(std::vector<upstream::Endpoint> endpoints);
  // As above, if a part of the query failed: the next query follows as after a failure. `what`
  // describes the outdated endpoints; empty if there are none.
  void foundPart(std::vector<upstream::Endpoint> endpoints, dns::Ttl ttl, std::string_view what);
  void failed(std::string_view what);
  // The servers say that the name does not exist: a failure, too, until they have said so for
  // kBelieved queries without an answer between them. Then there are no endpoints.
  void missing(std::string_view what);
  void lookAgain();  // immediately
  bool known() const { return latest_ != nullptr; }

 private:
  void onTime() { look_(); }
  bool keep(std::vector<upstream::Endpoint>&& endpoints);  // true if they have changed
  Milliseconds pause() const;
  Milliseconds holdsFor(dns::Ttl ttl) const;

  const std::function<void()> look_;
  const Milliseconds shortest_;
  event::Alarm<PollSchedule, &PollSchedule::onTime> time_;
  upstream::DiscoveryEvents* events_ = nullptr;
  upstream::SharedEndpoints latest_;
  unsigned failures_ = 0;  // since the latest answer
  unsigned missing_ = 0;   // of them, those that say that there is nothing
};

}  // namespace weir::mesh
