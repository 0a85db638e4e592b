#include "core/server/shared_filters.h"

#include <algorithm>

#include "core/filter/maker.h"
#include "core/proxy/plan.h"

namespace weir::server {

SharedFilters::SharedFilters(const filter::SharedTools& tools, OnSnapshot on_snapshot,
                             std::function<void()> on_ready)
    : tools_(tools), on_snapshot_(std::move(on_snapshot)), on_ready_(std::move(on_ready)) {}

SharedFilters::~SharedFilters() = default;

void SharedFilters::follow(const proxy::Plan& plan) {
  wanted_.clear();
  for (const auto& maker : plan.lasting_filters) {
    if (parts_.contains(maker->id())) {
      wanted_.push_back(maker->id());
      continue;
    }
    auto part = maker->makeShared(tools_);
    if (part == nullptr) continue;
    wanted_.push_back(maker->id());
    Running& running = parts_[maker->id()];
    running.maker = maker;
    running.part = std::move(part);
    start(maker->id(), running);
  }
  endUnused();
}

// The functions given to a part name it by its number: they may be called after its end.
void SharedFilters::start(filter::MakerId id, Running& running) {
  running.part->start(
      [this, id](filter::AnySnapshot snapshot) { publish(id, std::move(snapshot)); },
      [this, id] { onReady(id); });
}

void SharedFilters::publish(filter::MakerId id, filter::AnySnapshot snapshot) {
  const auto found = parts_.find(id);
  if (found == parts_.end()) return;
  found->second.snapshot = snapshot;
  on_snapshot_(id, std::move(snapshot));
}

void SharedFilters::onReady(filter::MakerId id) {
  const auto found = parts_.find(id);
  if (found == parts_.end() || std::exchange(found->second.ready, true)) return;
  on_ready_();
}

bool SharedFilters::ready() const {
  return std::ranges::all_of(wanted_, [this](auto id) { return parts_.at(id).ready; });
}

void SharedFilters::endUnused() {
  std::erase_if(parts_, [](const auto& each) { return each.second.maker.use_count() == 1; });
}

Snapshots SharedFilters::snapshots() const {
  Snapshots snapshots;
  for (const auto& [id, running] : parts_) {
    if (running.snapshot != nullptr) snapshots.emplace_back(id, running.snapshot);
  }
  return snapshots;
}

}  // namespace weir::server
