#include "mesh/balance/first.h"

#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

using upstream::Member;

void FirstBalancer::Config::read(config::Table& table, Config& out) {
  table.read("max_requests", out.max_requests,
             "Number of requests in flight, per worker, from which on an endpoint gets no more "
             "while a later one has fewer. Default: no limit.",
             {.min = 1});
}

Member* FirstBalancer::pick(const upstream::Pick& pick) {
  Member* least = nullptr;
  for (Member* member : members_) {
    if (contains(pick.tried, member)) continue;
    if (!config_.max_requests || member->in_flight < *config_.max_requests) return member;
    if (least == nullptr || member->in_flight < least->in_flight) least = member;
  }
  if (least != nullptr || members_.empty()) return least;
  return members_.front();  // all were tried
}

}  // namespace weir::mesh
