#include "mesh/balance/random.h"

namespace weir::mesh {
namespace {

constexpr int kMaxDraws = 4;

}  // namespace

void RandomBalancer::setMembers(std::span<upstream::Member* const> members) {
  members_.assign(members.begin(), members.end());
  draw_.setMembers(members_);
}

upstream::Member* RandomBalancer::pick(const upstream::Pick& pick) {
  if (members_.empty()) return nullptr;
  for (int i = 0; i < kMaxDraws; ++i) {
    upstream::Member* member = members_[draw_.draw(random_)];
    if (!contains(pick.tried, member)) return member;
  }
  const std::size_t start = draw_.draw(random_);
  upstream::Member* other = firstUntried(members_, start, pick.tried);
  return other != nullptr ? other : members_[start];
}

}  // namespace weir::mesh
