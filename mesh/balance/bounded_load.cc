#include "mesh/balance/bounded_load.h"

#include <algorithm>
#include <cmath>

#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

using upstream::Member;
using upstream::Tried;

void readLoadFactor(config::Table& table, std::optional<double>& out) {
  table.read("load_factor", out,
             "Maximum load of an endpoint, relative to its share of the requests in flight on the "
             "worker. A request whose endpoint has more goes to another one. off: no limit.",
             {.min = 1, .max = 100, .none = "off"});
}

std::vector<Member*> sortedByAddress(std::span<Member* const> members) {
  std::vector<Member*> sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end(), [](const Member* left, const Member* right) {
    return left->endpoint.address < right->endpoint.address;
  });
  return sorted;
}

void BoundedLoad::setMembers(std::span<Member* const> members) {
  total_weight_ = 0;
  for (const Member* member : members) total_weight_ += member->endpoint.weight;
}

bool BoundedLoad::isFull(const Member& member) const {
  if (!factor_) return false;
  const double share = (in_flight_ + 1.0) * shareOf(member);
  return member.in_flight + 1.0 > *factor_ * std::ceil(share);
}

bool BoundedLoad::mayTake(const Member& member, Tried tried) const {
  return member.available && !contains(tried, &member) && !isFull(member);
}

Member* BoundedLoad::pickAny(std::span<Member* const> members, Tried tried,
                             std::size_t start) const {
  Member* was_tried = nullptr;
  Member* full = nullptr;
  for (std::size_t i = 0; i < members.size(); ++i) {
    Member* member = members[(start + i) % members.size()];
    if (!member->available) continue;
    if (contains(tried, member)) {
      if (was_tried == nullptr) was_tried = member;
    } else if (isFull(*member)) {
      if (full == nullptr) full = member;
    } else {
      return member;
    }
  }
  return full != nullptr ? full : was_tried;
}

}  // namespace weir::mesh
