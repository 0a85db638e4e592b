#include "mesh/balance/weighted_draw.h"

#include <algorithm>

namespace weir::mesh {

using upstream::Member;
using upstream::Tried;

void WeightedDraw::setMembers(std::span<Member* const> members) {
  columns_.clear();
  count_ = members.size();
  total_ = 0;
  if (!equalWeights(members)) fill(members);
}

// Each member has a column of height total_; the gap above a smaller weight is filled by a member
// that has more.
void WeightedDraw::fill(std::span<Member* const> members) {
  columns_.resize(count_);
  for (const Member* member : members) total_ += member->weight;
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
  for (std::uint32_t i = 0; i < count_; ++i) {
    columns_[i] = {members[i]->weight * std::uint64_t{count_}, i};
    (columns_[i].own < total_ ? low : high).push_back(i);
  }
  while (!low.empty() && !high.empty()) {
    const std::uint32_t poor = low.back();
    const std::uint32_t rich = high.back();
    low.pop_back();
    columns_[poor].other = rich;
    columns_[rich].own -= total_ - columns_[poor].own;
    if (columns_[rich].own >= total_) continue;
    high.pop_back();
    low.push_back(rich);
  }
}

std::size_t WeightedDraw::draw(Random& random) const {
  const std::uint64_t column = random.below(count_);
  if (columns_.empty()) return column;
  const bool own = random.below(total_) < columns_[column].own;
  return own ? column : columns_[column].other;
}

bool equalWeights(std::span<Member* const> members) {
  return std::all_of(members.begin(), members.end(), [&](const Member* member) {
    return member->weight == members.front()->weight;
  });
}

bool contains(Tried tried, const Member* member) {
  return std::find(tried.begin(), tried.end(), member) != tried.end();
}

Member* firstUntried(std::span<Member* const> members, std::size_t start, Tried tried) {
  // Members are distinct, so that one of this many was not tried, if there is any such member.
  const std::size_t enough = std::min(members.size(), tried.size() + 1);
  for (std::size_t i = 0; i < enough; ++i) {
    Member* member = members[(start + i) % members.size()];
    if (!contains(tried, member)) return member;
  }
  return nullptr;
}

}  // namespace weir::mesh
