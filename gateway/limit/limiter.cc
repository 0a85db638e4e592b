#include "gateway/limit/limiter.h"

#include <utility>

#include "gateway/limit/metrics.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds kCountedEvery{5};

}  // namespace

Limiter::Limiter(LimiterSpec spec, const KeyedHash& hash, Nanoseconds now, const Limiter* previous)
    : spec_(std::move(spec)), hash_(hash) {
  for (std::size_t i = 0; i < spec_.rules.size(); ++i) {
    const LimitSpec& rule = spec_.rules[i];
    if (!rule.rate) {
      tables_.push_back({nullptr, std::make_unique<InFlightTable>(spec_.max_keys)});
      continue;
    }
    const Nanoseconds time = timeOf(rule, now);
    auto table = std::make_unique<RateTable>(spec_.max_keys, time);
    if (previous != nullptr && i < previous->tables_.size() && previous->spec_.rules[i].rate &&
        previous->spec_.rules[i].period == rule.period) {
      table->adopt(previous->rates(i), *previous->spec_.rules[i].rate, *rule.rate, time);
    }
    tables_.push_back({std::move(table), nullptr});
    if (!spec_.leases) continue;
    tables_.back().replied = std::make_unique<RateTable>(spec_.max_keys, time);
    tables_.back().leases =
        std::make_unique<LeaseTable>(spec_.max_keys, std::chrono::floor<Milliseconds>(now));
  }
}

Nanoseconds Limiter::timeOf(const LimitSpec& rule, Nanoseconds now) {
  if (!rule.period) return now;
  return QuotaTime::baseOf(QuotaWindow::at(*rule.period, wallClockNow()).number);
}

std::size_t Limiter::keys(Nanoseconds now) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const Table& table = tables_[i];
    count += table.rates != nullptr ? table.rates->keys(timeOf(spec_.rules[i], now))
                                    : table.in_flight->keys();
  }
  return count;
}

std::shared_ptr<const Limiter> Limiters::get(const LimiterSpec& spec, Nanoseconds now) {
  std::erase_if(all_, [](const auto& each) { return each.expired(); });
  std::shared_ptr<const Limiter> previous;
  if (spec.shared) {
    previous = named_[spec.id].lock();
    if (previous != nullptr && previous->spec() == spec) return previous;
  }
  auto made = std::make_shared<const Limiter>(spec, hash_, now, previous.get());
  if (spec.shared) named_[spec.id] = made;
  all_.push_back(made);
  return made;
}

void Limiters::count(Nanoseconds now, MetricCells& cells) {
  if (counted_ && now - *counted_ < kCountedEvery) return;
  counted_ = now;
  for (auto& [id, keys] : keys_) keys = 0;
  for (const auto& each : all_) {
    if (const auto limiter = each.lock()) keys_[limiter->spec().id] += limiter->keys(now);
  }
  for (const auto& [id, keys] : keys_) {
    cells.gauge(limitKeysKey(id)).set(static_cast<std::int64_t>(keys));
  }
}

}  // namespace weir::gateway
