#include "core/route/route.h"

#include <algorithm>

#include "core/base/hash.h"

namespace weir::route {
namespace {

constexpr std::uint64_t kSplitSeed = 0x73706c6974;

}  // namespace

std::optional<NameId> Forward::pick(Random& random) const {
  if (targets_.empty() || targets_.back().weight_end == 0) return std::nullopt;
  if (targets_.size() == 1) return targets_.front().cluster;
  return at(random.below(targets_.back().weight_end));
}

std::optional<NameId> Forward::pick(std::uint64_t key) const {
  if (targets_.empty() || targets_.back().weight_end == 0) return std::nullopt;
  // Independent of the place that a balancer derives from the same key.
  __extension__ using Wide = unsigned __int128;
  const Wide drawn = mixed(key ^ kSplitSeed);
  return at(static_cast<std::uint64_t>(drawn * targets_.back().weight_end >> 64U));
}

NameId Forward::at(std::uint64_t weight) const {
  const auto target = std::find_if(targets_.begin(), targets_.end(),
                                   [weight](const Target& t) { return weight < t.weight_end; });
  return target->cluster;
}

}  // namespace weir::route
