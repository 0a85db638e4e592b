#include "mesh/health/upstream_checks.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/log.h"

namespace weir::mesh::health {

using upstream::Health;

UpstreamChecks::Entry::Entry(UpstreamChecks& owner, const net::Address& to)
    : upstream(owner), address(to), due(owner.tools_.loop.wheel(), *this) {}

UpstreamChecks::UpstreamChecks(const Tools& tools, const upstream::SharedClusterPlan& plan)
    : tools_(tools),
      plan_(plan),
      commons_(std::make_unique<CheckCommons>(tools.loop, tools.connector)),
      plan_of_checks_(planOfChecks(*plan, *commons_)),
      pause_(tools.loop.wheel(), *this) {}

// None of the objects that checks use is active. Those that are destroyed at the end of the turn
// need `commons_` until then.
UpstreamChecks::~UpstreamChecks() {
  for (auto& [address, entry] : entries_) {
    if (entry->queued) queue_.remove(*entry);
    entry->running = nullptr;
    entry->kept = nullptr;
  }
  tools_.loop.destroyLater(std::move(commons_));
}

void UpstreamChecks::configure(const upstream::SharedClusterPlan& plan) {
  if (plan == plan_) return;
  const auto before = std::exchange(plan_, plan);
  plan_of_checks_ = planOfChecks(*plan_, *commons_);
  const bool same = before->options.health_check == plan_->options.health_check;
  for (auto& [address, entry] : entries_) {
    if (entry->kept != nullptr) entry->kept->configure(plan_of_checks_);
    if (!same && entry->running == nullptr) enqueue(*entry);
  }
}

void UpstreamChecks::setEndpoints(const upstream::SharedEndpoints& endpoints) {
  if (endpoints == endpoints_ || endpoints == nullptr) return;
  endpoints_ = endpoints;
  for (auto& [address, entry] : entries_) entry->listed = false;
  const std::size_t before = unhealthy_;
  for (const upstream::Endpoint& each : endpoints_->endpoints) {
    auto& entry = entries_[each.address];
    if (entry == nullptr) add(each.address, entry);
    entry->listed = true;
  }
  dropUnlisted();
  // Before the endpoints are used, so that one that is unhealthy until its first check gets none.
  if (unhealthy_ != before) publish();
}

void UpstreamChecks::add(const net::Address& address, std::unique_ptr<Entry>& place) {
  place = std::make_unique<Entry>(*this, address);
  place->verdict.begin(options().initial);
  place->seen.health = place->verdict.health();
  place->seen.since = wallClockNow();
  countUnhealthy(*place, true);
  ++undecided_;
  enqueue(*place);
}

void UpstreamChecks::dropUnlisted() {
  const bool was_settled = settled();
  std::erase_if(entries_, [this](auto& each) {
    Entry& entry = *each.second;
    if (entry.listed) return false;
    release(entry);
    return true;
  });
  if (!was_settled && settled()) settle();
}

// What waits for the first checks must find their results with the workers.
void UpstreamChecks::settle() {
  if (changed_) publish();
  tools_.owner.onSettled();
}

void UpstreamChecks::release(Entry& entry) {
  countUnhealthy(entry, false);
  if (!entry.verdict.decided()) --undecided_;
  if (entry.queued) queue_.remove(entry);
  if (entry.running != nullptr) {
    --running_;
    tools_.loop.destroyLater(std::move(entry.running));
    tools_.owner.onDone(*this);
  }
  if (entry.kept == nullptr) return;
  auto idle = std::make_unique<Idle>();
  idle->endpoint = std::move(entry.kept);
  tools_.loop.destroyLater(std::move(idle));
}

const upstream::CheckedEndpoint* UpstreamChecks::find(const net::Address& endpoint) const {
  const auto found = entries_.find(endpoint);
  return found == entries_.end() ? nullptr : &found->second->seen;
}

void UpstreamChecks::enqueue(Entry& entry) {
  entry.due.disarm();
  if (std::exchange(entry.queued, true)) return;
  queue_.pushBack(entry);
  tools_.owner.onDue(*this);
}

void UpstreamChecks::startNext() {
  Entry& entry = *queue_.front();
  queue_.remove(entry);
  entry.queued = false;
  start(entry);
}

void UpstreamChecks::start(Entry& entry) {
  ++running_;
  entry.started = tools_.loop.now();
  entry.running = std::make_unique<Running>();
  Running& running = *entry.running;
  running.plan = plan_;
  running.endpoint = endpointOf(entry);
  running.probe =
      startProbe(*running.endpoint, options(),
                 [this, &entry](const ProbeOutcome& outcome) { onProbed(entry, outcome); });
}

std::unique_ptr<OneEndpoint> UpstreamChecks::endpointOf(Entry& entry) {
  if (entry.kept != nullptr) return std::move(entry.kept);
  upstream::Endpoint endpoint;
  endpoint.address = entry.address;
  return std::make_unique<OneEndpoint>(*commons_, plan_of_checks_, endpoint);
}

void UpstreamChecks::onProbed(Entry& entry, const ProbeOutcome& outcome) {
  --running_;
  if (plan_->tls != nullptr && entry.running->plan == plan_) {
    entry.kept = std::move(entry.running->endpoint);
  }
  tools_.loop.destroyLater(std::move(entry.running));
  const bool success = outcome.result == CheckResult::kSuccess;
  tools_.cells.counter(healthChecksKey(id(), outcome.result)).add();
  entry.seen.checked_at = wallClockNow();
  entry.seen.took = tools_.loop.now() - entry.started;
  entry.seen.result = kCheckResultWords[static_cast<std::size_t>(outcome.result)];
  entry.seen.detail = outcome.detail;
  judge(entry, success);
  entry.due.arm(pauseAfter(entry));
  tools_.owner.onDone(*this);
}

void UpstreamChecks::judge(Entry& entry, bool success) {
  const bool first = !entry.verdict.decided();
  const std::size_t before = unhealthy_;
  countUnhealthy(entry, false);
  const bool changed = entry.verdict.note(success, options());
  countUnhealthy(entry, true);
  if (first) --undecided_;
  if (changed) {
    entry.seen.health = entry.verdict.health();
    entry.seen.since = entry.seen.checked_at;
    noteChange(entry, unhealthy_ != before);
    if (unhealthy_ != before) publishSoon();
  }
  if (first && settled()) settle();
}

// `effective`: the endpoint is used from now on, or no more.
void UpstreamChecks::noteChange(const Entry& entry, bool effective) {
  const bool healthy = entry.seen.health == Health::kHealthy;
  const HealthChange change = healthy ? HealthChange::kHealthy : HealthChange::kUnhealthy;
  tools_.cells.counter(healthTransitionsKey(id(), change)).add();
  const std::string text = "upstream " + std::string(plan_->name) + ": " + entry.address.text() +
                           " is " + (healthy ? "healthy: " : "unhealthy: ") + entry.seen.detail;
  if (!effective || !log_.admit(tools_.loop.now())) return log::debug(text);
  healthy ? log::info(text) : log::warning(text);
}

Milliseconds UpstreamChecks::pauseAfter(const Entry& entry) {
  const bool bad = entry.verdict.failing() || entry.verdict.health() == Health::kUnhealthy;
  const Milliseconds interval = bad ? options().unhealthy_interval : options().interval;
  const double change = options().jitter.fraction() * (2 * tools_.random.unit() - 1);
  const auto wait = static_cast<std::int64_t>(static_cast<double>(interval.count()) * (1 + change));
  return std::max(Milliseconds(wait) - (tools_.loop.now() - entry.started), Milliseconds(0));
}

void UpstreamChecks::countUnhealthy(const Entry& entry, bool add) {
  if (entry.verdict.health() != Health::kUnhealthy) return;
  unhealthy_ += add ? 1 : static_cast<std::size_t>(-1);
}

// The first change at once, further ones together.
void UpstreamChecks::publishSoon() {
  changed_ = true;
  if (!pause_.armed()) publish();
}

// Only what keeps endpoints from being used: of 10,000 healthy ones, workers need not hear.
void UpstreamChecks::publish() {
  changed_ = false;
  auto report = std::make_shared<upstream::HealthReport>();
  report->reserve(unhealthy_);
  for (const auto& [address, entry] : entries_) {
    if (entry->seen.health == Health::kUnhealthy) report->emplace(address, entry->seen.health);
  }
  pause_.arm(kPause);
  tools_.owner.onHealth(id(), std::move(report), unhealthy_);
}

void UpstreamChecks::onPause() {
  if (changed_) publish();
}

}  // namespace weir::mesh::health
