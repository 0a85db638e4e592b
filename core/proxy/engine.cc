#include "core/proxy/engine.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/event/memory_reserve.h"

namespace weir::proxy {

Engine::Engine(Tools tools)
    : tools_(tools),
      request_metrics_(tools.metrics, tools.details),
      exchanges_(tools.exchange_bytes),
      clusters_({tools.loop, tools.connector, random_, tools.metrics}),
      client_({tools.loop, [this](NameId name) { return find(name); }}),
      parts_({tools_.loop, random_, tools_.metrics, client_, client_, commons_}),
      sweep_(tools_.loop.wheel(), *this) {
  sweep_.arm(kSweep);
}

Engine::~Engine() {
  while (!detached_.empty()) detached_.back()->abandon();
  WEIR_CHECK(exchanges_.lent() == 0);
}

void Engine::setPlan(std::shared_ptr<const Plan> plan) {
  auto old = std::exchange(current_, std::make_unique<PinnedPlan>(PinnedPlan{std::move(plan)}));
  clusters_.follow(current_->plan->clusters);
  parts_.add(current_->plan->lasting_filters);
  if (old == nullptr) return;
  if (old->users > 0) {
    retired_.push_back(std::move(old));
  } else {
    parts_.remove(old->plan->lasting_filters);
  }
}

upstream::Cluster* Engine::find(NameId upstream) {
  return current_ == nullptr ? nullptr : clusters_.get(upstream, current_->plan->clusters);
}

PinnedPlan& Engine::pin() {
  ++current_->users;
  return *current_;
}

void Engine::unpin(PinnedPlan& pinned) {
  if (--pinned.users > 0 || &pinned == current_.get()) return;
  const auto at = std::find_if(retired_.begin(), retired_.end(),
                               [&](const auto& each) { return each.get() == &pinned; });
  parts_.remove(pinned.plan->lasting_filters);
  retired_.erase(at);
}

void Engine::adopt(std::unique_ptr<DetachedRequest> request) {
  detached_.push_back(std::move(request));
}

void Engine::release(DetachedRequest& request) {
  const auto at = std::find_if(detached_.begin(), detached_.end(),
                               [&](const auto& each) { return each.get() == &request; });
  tools_.loop.destroyLater(std::move(*at));
  detached_.erase(at);
}

void Engine::record(const http::ExchangeRecord& record) {
  if (tools_.access_log != nullptr) tools_.access_log->log(record);
  if (failure_log_ != nullptr && failed(record.reason, record.status)) failure_log_->log(record);
}

// The wall clock is read once a second.
std::string_view Engine::renewDate(Nanoseconds now) {
  constexpr Nanoseconds kSecond = std::chrono::seconds(1);
  const Nanoseconds wall = wallClockNow();
  date_until_ = now + kSecond - wall % kSecond;
  return date_.at(wall);
}

void Engine::onSweep() {
  if (tools_.access_log != nullptr) tools_.access_log->flush();
  if (tools_.tracer != nullptr) tools_.tracer->flush();
  // Memory of a peak is released, a part each time.
  exchanges_.trim(64);
  tools_.loop.chunks().trim(64);
  tools_.loop.scratch().trim(256);
  tools_.loop.freeLists().trim(64_KiB);
  if (event::memoryExhausted()) event::keepMemoryReserve();
  sweep_.arm(kSweep);
}

}  // namespace weir::proxy
