#include "mesh/discovery/refresh.h"

#include <algorithm>
#include <utility>

#include "core/upstream/backoff.h"

namespace weir::mesh {
namespace {

using upstream::Endpoint;

// Servers shuffle their answers: the order says nothing, so it must not look like a change.
void arrange(std::vector<Endpoint>& endpoints) {
  std::stable_sort(
      endpoints.begin(), endpoints.end(),
      [](const Endpoint& left, const Endpoint& right) { return left.address < right.address; });
}

}  // namespace

Refresh::Refresh(event::Loop& loop, std::function<void()> look)
    : look_(std::move(look)), time_(loop.wheel(), *this) {}

void Refresh::start(upstream::DiscoveryEvents& events) {
  events_ = &events;
  look_();
}

void Refresh::found(std::vector<Endpoint> endpoints, dns::Ttl ttl) {
  const Milliseconds holds = ttl ? Milliseconds(*ttl) : kWithoutTtl;
  time_.arm(std::clamp(holds, kShortest, kLongest));
  const bool was_failing = std::exchange(failures_, 0) > 0;
  arrange(endpoints);
  const bool changed = latest_ == nullptr || latest_->endpoints != endpoints;
  if (changed) {
    latest_ =
        std::make_shared<const upstream::EndpointSet>(upstream::EndpointSet{std::move(endpoints)});
  }
  if (changed || was_failing) events_->onEndpoints(latest_);
}

void Refresh::failed(std::string_view what) {
  time_.arm(upstream::backoffLimit({.base = kFirstPause, .max = kLongestPause}, failures_));
  ++failures_;
  events_->onDiscoveryFailed(what);
}

}  // namespace weir::mesh
