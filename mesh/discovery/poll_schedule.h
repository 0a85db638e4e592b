#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/answer.h"
#include "core/event/loop.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// When a discovery that asks DNS looks again, and what it tells of what it saw.
//
// An answer holds for its TTL, within bounds. After a failure the last good answer stays, and the
// next look follows after pauses that double.
class PollSchedule {
 public:
  static constexpr Milliseconds kShortest{1'000};
  static constexpr Milliseconds kLongest{300'000};
  static constexpr Milliseconds kWithoutTtl{5'000};
  static constexpr Milliseconds kFirstPause{1'000};
  static constexpr Milliseconds kLongestPause{30'000};

  // `look` is called whenever it is time, and followed by found() or failed().
  PollSchedule(event::Loop& loop, std::function<void()> look);

  void start(upstream::DiscoveryEvents& events);  // looks at once
  // Tells of the endpoints if they changed, or if nothing was heard of them for a while.
  void found(std::vector<upstream::Endpoint> endpoints, dns::Ttl ttl);
  // The same while the rest of the answer is still to come.
  void foundSoFar(std::vector<upstream::Endpoint> endpoints);
  // The same when a part could not be asked for: the next look follows as after a failure. `what`
  // says which of the endpoints are old; empty when none is.
  void foundPart(std::vector<upstream::Endpoint> endpoints, dns::Ttl ttl, std::string_view what);
  void failed(std::string_view what);
  void lookAgain();  // at once
  bool known() const { return latest_ != nullptr; }

 private:
  void onTime() { look_(); }
  bool keep(std::vector<upstream::Endpoint>&& endpoints);  // true: they have changed
  Milliseconds pause() const;

  const std::function<void()> look_;
  event::Alarm<PollSchedule, &PollSchedule::onTime> time_;
  upstream::DiscoveryEvents* events_ = nullptr;
  upstream::SharedEndpoints latest_;
  unsigned failures_ = 0;  // since the latest answer
};

}  // namespace weir::mesh
