#include "mesh/balance/least_request.h"

namespace weir::mesh {

using upstream::Member;

void LeastRequestBalancer::setMembers(std::span<Member* const> members) {
  members_.assign(members.begin(), members.end());
  draw_.setMembers(members_);
}

Member* LeastRequestBalancer::pick(const upstream::Pick& pick) {
  const std::size_t count = members_.size();
  if (count == 0) return nullptr;
  if (count == 1) return members_.front();
  const std::size_t drawn = draw_.draw(random_);
  const std::size_t distance = 1 + random_.below(count - 1);
  Member* first = members_[drawn];
  Member* second = members_[(drawn + distance) % count];
  if (pick.tried.empty()) return better(first, second, pick.candidates);
  const bool first_tried = contains(pick.tried, first);
  const bool second_tried = contains(pick.tried, second);
  if (first_tried && second_tried) {
    Member* other = firstUntried(members_, drawn, pick.tried);
    return other != nullptr ? other : better(first, second, pick.candidates);
  }
  if (first_tried) return second;
  return second_tried ? first : better(first, second, pick.candidates);
}

Member* LeastRequestBalancer::better(Member* first, Member* second,
                                     upstream::Candidates* candidates) const {
  if (candidates != nullptr) [[unlikely]] {
    for (const Member* each : {first, second}) {
      candidates->add(*each, (each->in_flight + 1.0) / each->weight);
    }
  }
  if (!draw_.weighted()) return second->in_flight < first->in_flight ? second : first;
  const std::uint64_t first_load = first->in_flight * std::uint64_t{second->weight};
  const std::uint64_t second_load = (second->in_flight + std::uint64_t{1}) * first->weight;
  return second_load < first_load ? second : first;
}

}  // namespace weir::mesh
