#include "observability/tap/worker_tap.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <utility>

#include "observability/tap/tap_line.h"

namespace weir::tap {

void WorkerTap::add(TapId tap, std::shared_ptr<const TapTerms> terms) {
  const auto free =
      std::ranges::find_if(watchers_, [](const Watcher& each) { return each.terms == nullptr; });
  if (free == watchers_.end()) return;
  *free = {};
  free->terms = std::move(terms);
  free->batch.tap = tap;
}

void WorkerTap::remove(TapId tap) {
  Watcher* const watcher = find(tap);
  if (watcher == nullptr) return;
  if (watcher->batch.watched > 0) sendBatch(*watcher);
  *watcher = {};
}

bool WorkerTap::idle() const {
  return std::ranges::all_of(watchers_, [](const Watcher& each) { return each.terms == nullptr; });
}

WorkerTap::Watcher* WorkerTap::find(TapId tap) {
  const auto found = std::ranges::find_if(watchers_, [tap](const Watcher& each) {
    return each.terms != nullptr && each.batch.tap == tap;
  });
  return found == watchers_.end() ? nullptr : &*found;
}

void WorkerTap::acknowledge(TapId tap) {
  Watcher* const watcher = find(tap);
  if (watcher == nullptr) return;
  watcher->on_its_way = false;
  const TapBatch& batch = watcher->batch;
  if (!batch.lines.empty() || batch.dropped > 0) sendBatch(*watcher);
}

proxy::ExchangeSteps* WorkerTap::begin(Arena& arena) {
  std::uint32_t watchers = 0;
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (watchers_[i].terms == nullptr) continue;
    const double share = watchers_[i].terms->sample.fraction();
    const auto sample = static_cast<std::uint64_t>(std::llround(share * kAll));
    if (sample >= kAll || random_.below(kAll) < sample) watchers |= 1U << i;
  }
  if (watchers == 0) return nullptr;
  auto* const steps =
      new (arena.allocate(sizeof(proxy::ExchangeSteps), alignof(proxy::ExchangeSteps)))
          proxy::ExchangeSteps(arena);
  steps->watchers = watchers;
  return steps;
}

void WorkerTap::end(const proxy::ExchangeSteps& steps, const http::ExchangeRecord& record) {
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    const bool watched = (steps.watchers >> i & 1U) != 0;
    if (watched && watchers_[i].terms != nullptr) offer(watchers_[i], steps, record);
  }
}

bool WorkerTap::withinRate(Watcher& watcher) {
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(loop_.now()).count();
  if (std::exchange(watcher.second, second) != second) watcher.in_second = 0;
  return watcher.in_second++ < watcher.terms->rate;
}

void WorkerTap::offer(Watcher& watcher, const proxy::ExchangeSteps& steps,
                      const http::ExchangeRecord& record) {
  TapBatch& batch = watcher.batch;
  const Condition& when = watcher.terms->when;
  ++batch.watched;
  if (when.given() && !when.program().holds(http::ExchangeFacts(record), steps.arena)) return;
  if (!withinRate(watcher)) {
    ++batch.limited;
    return;
  }
  if (watcher.bytes >= most_bytes_) return drop(batch);
  std::array<char, kMostLine> room{};
  const std::size_t size = writeLine(steps, record, watcher.terms->headers, room);
  if (size == 0) return drop(batch);
  batch.lines.emplace_back(room.data(), size);
  watcher.bytes += size;
  if (!watcher.on_its_way) sendBatch(watcher);
}

void WorkerTap::drop(TapBatch& batch) {
  ++batch.dropped;
  dropped_.add();
}

void WorkerTap::sendBatch(Watcher& watcher) {
  watcher.on_its_way = true;
  watcher.bytes = 0;
  TapBatch batch = std::exchange(watcher.batch, {.tap = watcher.batch.tap});
  send_(std::move(batch));
}

}  // namespace weir::tap
