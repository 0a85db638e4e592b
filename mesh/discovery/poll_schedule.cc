#include "mesh/discovery/poll_schedule.h"

#include <algorithm>
#include <utility>

#include "core/upstream/backoff.h"

namespace weir::mesh {
namespace {

using upstream::Endpoint;

// Servers shuffle their answers: the order has no meaning, and must not appear as a change.
void arrange(std::vector<Endpoint>& endpoints) {
  std::stable_sort(
      endpoints.begin(), endpoints.end(),
      [](const Endpoint& left, const Endpoint& right) { return left.address < right.address; });
}

}  // namespace

PollSchedule::PollSchedule(event::Loop& loop, std::function<void()> look, Milliseconds shortest)
    : look_(std::move(look)), shortest_(shortest), time_(loop.wheel(), *this) {}

Milliseconds PollSchedule::holdsFor(dns::Ttl ttl) const {
  const Milliseconds named = ttl ? Milliseconds(*ttl) : kWithoutTtl;
  return std::clamp(named, shortest_, std::max(shortest_, kLongest));
}

void PollSchedule::start(upstream::DiscoveryEvents& events) {
  events_ = &events;
  look_();
}

bool PollSchedule::keep(std::vector<Endpoint>&& endpoints) {
  missing_ = 0;
  arrange(endpoints);
  if (latest_ != nullptr && latest_->endpoints == endpoints) return false;
  latest_ =
      std::make_shared<const upstream::EndpointSet>(upstream::EndpointSet{std::move(endpoints)});
  return true;
}

Milliseconds PollSchedule::pause() const {
  return upstream::backoffLimit({.base = kFirstPause, .max = kLongestPause}, failures_);
}

void PollSchedule::found(std::vector<Endpoint> endpoints, dns::Ttl ttl) {
  time_.arm(holdsFor(ttl));
  const bool was_failing = std::exchange(failures_, 0) > 0;
  const bool changed = keep(std::move(endpoints));
  if (changed || was_failing) events_->onEndpoints(latest_);
}

void PollSchedule::foundSoFar(std::vector<Endpoint> endpoints) {
  if (keep(std::move(endpoints))) events_->onEndpoints(latest_);
}

void PollSchedule::foundPart(std::vector<Endpoint> endpoints, dns::Ttl ttl, std::string_view what) {
  time_.arm(std::min(holdsFor(ttl), pause()));
  const bool was_failing = failures_++ > 0;
  const bool changed = keep(std::move(endpoints));
  if (changed || (was_failing && what.empty())) events_->onEndpoints(latest_);
  if (!what.empty()) events_->onDiscoveryFailed(what);
}

void PollSchedule::failed(std::string_view what) {
  time_.arm(pause());
  ++failures_;
  events_->onDiscoveryFailed(what);
}

void PollSchedule::missing(std::string_view what) {
  if (++missing_ < kBelieved || !known()) return failed(what);
  time_.arm(pause());
  ++failures_;
  latest_ = std::make_shared<const upstream::EndpointSet>();
  events_->onEndpoints(latest_);
}

void PollSchedule::lookAgain() {
  time_.disarm();
  look_();
}

}  // namespace weir::mesh
