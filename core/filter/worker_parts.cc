#include "core/filter/worker_parts.h"

#include <utility>

#include "core/base/check.h"
#include "core/filter/maker.h"

namespace weir::filter {

void WorkerParts::add(const LastingFilters& filters) {
  for (const auto& maker : filters) ++slots_[maker->id()].plans;
}

void WorkerParts::remove(const LastingFilters& filters) {
  for (const auto& maker : filters) {
    const auto slot = slots_.find(maker->id());
    if (--slot->second.plans > 0) continue;
    // A local part may be on the stack: its event may have ended the last exchange of the plan.
    if (slot->second.local != nullptr) tools_.loop.destroyLater(std::move(slot->second.local));
    slots_.erase(slot);
  }
}

void WorkerParts::setSnapshot(MakerId filter, AnySnapshot snapshot) {
  const auto slot = slots_.find(filter);
  if (slot == slots_.end()) return;
  slot->second.snapshot = std::move(snapshot);
  if (slot->second.local != nullptr) slot->second.local->onSnapshot(slot->second.snapshot);
}

LocalPart& WorkerParts::local(const Maker& maker) {
  const auto slot = slots_.find(maker.id());
  WEIR_CHECK(slot != slots_.end());
  std::unique_ptr<LocalPart>& local = slot->second.local;
  if (local == nullptr) {
    local = maker.makeLocal(tools_);
    if (slot->second.snapshot != nullptr) local->onSnapshot(slot->second.snapshot);
  }
  return *local;
}

const AnySnapshot& WorkerParts::snapshot(const Maker& maker) const {
  const auto slot = slots_.find(maker.id());
  WEIR_CHECK(slot != slots_.end());
  return slot->second.snapshot;
}

}  // namespace weir::filter
