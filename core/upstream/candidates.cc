#include "core/upstream/candidates.h"

#include "core/upstream/balancer.h"

// Tested in tests/mesh/balance.
namespace weir::upstream {

void Candidates::add(const Member& member, double cost) {
  if (size_ == kMost) return;
  list_[size_++] = {arena_->copy(member.endpoint.address.text()), cost, member.in_flight};
}

}  // namespace weir::upstream
