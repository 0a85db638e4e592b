#include "core/server/discovery_watch.h"

#include <algorithm>
#include <utility>

#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/config/units.h"
#include "core/state/directory.h"
#include "core/upstream/endpoint_lines.h"

namespace weir::server {
namespace {

using upstream::DiscoveryResult;
using upstream::EndpointState;

std::size_t countOf(const upstream::SharedEndpoints& endpoints) {
  return endpoints == nullptr ? 0 : endpoints->endpoints.size();
}

// The first line of a saved entry, so that the endpoints of another source are not used. A hash,
// because the identity of a source may depend on a secret.
std::string sourceLine(const upstream::DiscoverySource& source) {
  return "source " + std::to_string(stableHash(source.identity())) + "\n";
}

}  // namespace

DiscoveryWatch::DiscoveryWatch(const Tools& tools, const upstream::SharedClusterPlan& cluster)
    : tools_(tools),
      cluster_(cluster),
      source_(cluster->discovery),
      pause_(tools.discovery.loop.wheel(), *this),
      hold_(tools.discovery.loop.wheel(), *this),
      save_(tools.discovery.loop.wheel(), *this) {}

DiscoveryWatch::~DiscoveryWatch() {
  if (save_.armed()) onSave();
  state_.endpoints = nullptr;
  showEndpoints();
}

void DiscoveryWatch::start() {
  restore();
  discovery_ = source_->make(tools_.discovery);
  discovery_->start(*this);
}

void DiscoveryWatch::onEndpoints(upstream::SharedEndpoints endpoints) {
  if (endpoints->endpoints.size() > kMostEndpoints) {
    return onDiscoveryFailed("more than " + std::to_string(kMostEndpoints) + " endpoints");
  }
  answered_ = true;
  if (endpoints->endpoints.empty() && countOf(state_.endpoints) > 0) {
    holdEmpty();
  } else {
    hold_.disarm();
    accept(std::move(endpoints));
  }
  tools_.owner.onAnswer();
}

void DiscoveryWatch::holdEmpty() {
  count(DiscoveryResult::kHeld);
  next_ = nullptr;
  const auto& limit = cluster_->options.empty_hold;
  if (limit && limit->count() == 0) return onEmptyHeld();
  const bool held_already = hold_.armed() || (!limit && state_.failure == "no endpoints");
  markStale("no endpoints");
  if (held_already) return;
  log("discovery reports that there are no endpoints; keeping " +
      std::to_string(countOf(state_.endpoints)) +
      (limit ? " for " + config::durationText(*limit) : std::string()));
  if (limit) hold_.arm(*limit);
}

void DiscoveryWatch::onEmptyHeld() {
  log("there are no endpoints any more");
  accept(std::make_shared<const upstream::EndpointSet>());
}

void DiscoveryWatch::accept(upstream::SharedEndpoints endpoints) {
  if (std::exchange(state_.stale, false) && state_.endpoints != nullptr) {
    log::info("upstream " + std::string(cluster_->name) + ": discovery works");
  }
  state_.failure.clear();
  const bool known = state_.endpoints != nullptr;
  if (known && state_.endpoints->endpoints == endpoints->endpoints) {
    next_ = nullptr;
    count(DiscoveryResult::kUnchanged);
    return showEndpoints();
  }
  count(DiscoveryResult::kChanged);
  if (next_ == nullptr) next_since_ = monotonicNow();
  next_ = std::move(endpoints);
  if (!pause_.armed() || !known) publish();
  showEndpoints();
}

void DiscoveryWatch::publish() {
  state_.endpoints = std::exchange(next_, nullptr);
  logEndpoints();
  ++in_a_row_;
  pause_.arm(in_a_row_ < kStorm ? kPause : kStormPause);
  MetricCells& cells = tools_.cells;
  cells.histogram(upstream::discoveryLagKey(id())).observe(monotonicNow() - next_since_);
  cells.gauge(upstream::discoveryLastUpdateKey(id())).set(wallClockNow().count());
  if (!save_.armed()) save_.arm(saved_ ? kSave : kFirstSave);
  tools_.owner.onEndpoints(id(), state_.endpoints);
}

void DiscoveryWatch::onPause() {
  if (next_ == nullptr) {
    in_a_row_ = 0;
    return;
  }
  publish();
  showEndpoints();
}

void DiscoveryWatch::onDiscoveryFailed(std::string_view what) {
  count(DiscoveryResult::kFailed);
  hold_.disarm();
  const Nanoseconds now = monotonicNow();
  if (state_.failure != what || now - logged_at_ >= kLogAgain) {
    log(what);
    logged_at_ = now;
  }
  markStale(what);
  answered_ = true;
  tools_.owner.onAnswer();
}

void DiscoveryWatch::markStale(std::string_view why) {
  state_.failure = why;
  if (!std::exchange(state_.stale, true)) stale_since_ = monotonicNow();
  showEndpoints();
}

std::string DiscoveryWatch::entryName() const { return "endpoints-" + std::string(cluster_->name); }

void DiscoveryWatch::restore() {
  if (tools_.state == nullptr) return;
  const auto saved = tools_.state->load(entryName());
  if (!saved.ok()) return;
  std::string_view text = saved.value();
  const std::string source = sourceLine(*source_);
  if (!text.starts_with(source)) return;
  text.remove_prefix(source.size());
  upstream::EndpointText found = upstream::readEndpointLines(text);
  if (!found.mistake.empty() || found.endpoints.empty()) return;
  state_.endpoints = std::make_shared<const upstream::EndpointSet>(
      upstream::EndpointSet{std::move(found.endpoints)});
  saved_ = true;
  markStale("");
  log::info("upstream " + std::string(cluster_->name) + ": using " +
            std::to_string(countOf(state_.endpoints)) +
            " endpoints of the state directory until discovery answers");
  tools_.owner.onEndpoints(id(), state_.endpoints);
}

void DiscoveryWatch::onSave() {
  save_.disarm();
  if (tools_.state == nullptr || countOf(state_.endpoints) == 0) return;
  const std::string text =
      sourceLine(*source_) + upstream::endpointLines(state_.endpoints->endpoints);
  saved_ = tools_.state->save(entryName(), text).ok();
}

void DiscoveryWatch::count(DiscoveryResult result) {
  const NameId kind = cluster_->discovery_kind;
  tools_.cells.counter(upstream::discoveryUpdatesKey(id(), kind, result)).add();
}

void DiscoveryWatch::setEndpointsGauge(EndpointState state, std::size_t count) {
  tools_.cells.gauge(upstream::upstreamEndpointsKey(id(), state))
      .set(static_cast<std::int64_t>(count));
}

void DiscoveryWatch::showEndpoints() {
  std::size_t draining = 0;
  if (state_.endpoints != nullptr) {
    const auto& all = state_.endpoints->endpoints;
    draining = static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& each) { return each.draining; }));
  }
  const std::size_t used = countOf(state_.endpoints) - draining;
  const std::size_t unhealthy = std::min(unhealthy_, used);
  const std::size_t others = used - unhealthy;
  setEndpointsGauge(EndpointState::kHealthy, state_.stale ? 0 : others);
  setEndpointsGauge(EndpointState::kStale, state_.stale ? others : 0);
  setEndpointsGauge(EndpointState::kDraining, draining);
  setEndpointsGauge(EndpointState::kUnhealthy, unhealthy);
}

void DiscoveryWatch::setUnhealthy(std::size_t count) {
  if (std::exchange(unhealthy_, count) != count) showEndpoints();
}

void DiscoveryWatch::showStaleness() {
  const auto age = state_.stale ? monotonicNow() - stale_since_ : Nanoseconds(0);
  tools_.cells.gauge(upstream::discoveryStaleKey(id())).set(age.count());
}

void DiscoveryWatch::logEndpoints() const {
  if (!log::writes(log::Level::kDebug)) return;
  std::string text = "upstream " + std::string(cluster_->name) + ": endpoints:";
  for (const auto& each : state_.endpoints->endpoints) text += " " + each.address.text();
  log::debug(text);
}

void DiscoveryWatch::log(std::string_view text) const {
  log::warning("upstream " + std::string(cluster_->name) + ": " + std::string(text));
}

}  // namespace weir::server
