#include "core/filter/kept.h"

#include <algorithm>

namespace weir::filter {
namespace {

constexpr std::size_t kRecent = 4;

}  // namespace

std::shared_ptr<const Maker> Kept::get(const config::Selected& selected, References& references,
                                       config::Diagnostics& diagnostics) {
  const Registry::Kind& kind = registry_.kindOf(selected);
  auto maker = findRecent(selected);
  std::size_t hash = selected.hash();
  if (maker == nullptr) {
    if (kind.has_parts) hash = registry_.hashOf(selected);
    maker = find(selected, hash);
  }
  if (maker != nullptr) {
    if (kind.check != nullptr) kind.check(selected, references, diagnostics);
    return maker;
  }
  maker = kind.make(selected, ++last_id_, references, diagnostics);
  noteRecent(entries_.emplace(hash, Entry{selected, maker})->second);
  return maker;
}

std::shared_ptr<const Maker> Kept::findRecent(const config::Selected& selected) {
  for (std::size_t i = 0; i < recent_.size(); ++i) {
    if (recent_[i]->selected != selected) continue;
    auto maker = recent_[i]->maker.lock();
    if (maker == nullptr) continue;
    std::rotate(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(i),
                recent_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return maker;
  }
  return nullptr;
}

std::shared_ptr<const Maker> Kept::find(const config::Selected& selected, std::size_t hash) {
  const auto [begin, end] = entries_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (at->second.selected != selected) continue;
    auto maker = at->second.maker.lock();
    if (maker == nullptr) continue;
    at->second.selected = selected;  // shared with the settings in use, unlike the earlier ones
    noteRecent(at->second);
    return maker;
  }
  return nullptr;
}

void Kept::noteRecent(const Entry& entry) {
  if (recent_.size() == kRecent) recent_.pop_back();
  recent_.insert(recent_.begin(), &entry);
}

void Kept::dropUnused() {
  recent_.clear();
  std::erase_if(entries_, [](const auto& each) { return each.second.maker.expired(); });
}

}  // namespace weir::filter
