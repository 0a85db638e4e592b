#include "mesh/balance/ring_hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "core/base/hash.h"

namespace weir::mesh {

using upstream::Member;
using upstream::Pick;

namespace {

// Of the member with the least weight, if the ring may be that large.
constexpr double kLeastPoints = 100;
constexpr std::uint32_t kMostRing = 8'388'608;

}  // namespace

void RingHashBalancer::Config::read(config::Table& table, Config& out) {
  table.read("min_ring_size", out.min_ring_size,
             "Minimum number of points on the ring. It has more if the endpoint with the least "
             "weight had fewer than 100.",
             {.min = 1, .max = kMostRing});
  table.read("max_ring_size", out.max_ring_size,
             "Maximum number of points on the ring. Each takes 12 bytes per worker or more. Every "
             "endpoint has at least one point.",
             {.min = 1, .max = kMostRing});
  readLoadFactor(table, out.load_factor);
  if (out.min_ring_size > out.max_ring_size) {
    table.fail("max_ring_size", "is less than min_ring_size");
  }
}

// `lightest`: the share of the member with the least weight.
std::size_t RingHashBalancer::ringSize(double lightest) const {
  const double wanted = std::ceil(kLeastPoints / lightest);
  return static_cast<std::size_t>(std::clamp(wanted, static_cast<double>(config_.min_ring_size),
                                             static_cast<double>(config_.max_ring_size)));
}

void RingHashBalancer::setMembers(std::span<Member* const> members) {
  members_ = sortedByAddress(members);
  load_.setMembers(members_);
  ring_.clear();
  if (members_.empty()) return;
  const auto lightest = std::min_element(members_.begin(), members_.end(),
                                         [](const Member* left, const Member* right) {
                                           return left->endpoint.weight < right->endpoint.weight;
                                         });
  const auto size = static_cast<double>(ringSize(load_.shareOf(**lightest)));
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    const auto points = std::max(1.0, std::round(size * load_.shareOf(*members_[i])));
    const std::string address = members_[i]->endpoint.address.text();
    for (std::uint64_t point = 0; point < static_cast<std::uint64_t>(points); ++point) {
      ring_.push_back({stableHash(address, point), i});
    }
  }
  std::sort(ring_.begin(), ring_.end());
  index();
}

// Two to four points for each part, so that firstFrom() looks at a few of them.
void RingHashBalancer::index() {
  const auto width = static_cast<unsigned>(std::bit_width(ring_.size()));
  const unsigned bits = width > 3 ? width - 2 : 1;
  shift_ = 64 - bits;
  starts_.assign((std::size_t{1} << bits) + 1, static_cast<std::uint32_t>(ring_.size()));
  for (std::size_t i = ring_.size(); i-- > 0;) {
    starts_[ring_[i].hash >> shift_] = static_cast<std::uint32_t>(i);
  }
  for (std::size_t part = starts_.size() - 1; part-- > 0;) {
    starts_[part] = std::min(starts_[part], starts_[part + 1]);
  }
}

// The first point at or after the hash, around the ring.
std::size_t RingHashBalancer::firstFrom(std::uint64_t hash) const {
  std::size_t point = starts_[hash >> shift_];
  while (point < ring_.size() && ring_[point].hash < hash) ++point;
  return point < ring_.size() ? point : 0;
}

Member* RingHashBalancer::pick(const Pick& pick) {
  if (ring_.empty()) return nullptr;
  const std::size_t start = firstFrom(pick.key ? mixed(*pick.key) : random_.next());
  for (std::size_t i = 0; i < std::min(kWalk, ring_.size()); ++i) {
    Member* member = members_[ring_[(start + i) % ring_.size()].member];
    if (load_.mayTake(*member, pick.tried)) return member;
  }
  return load_.pickAny(members_, pick.tried, ring_[start].member);
}

}  // namespace weir::mesh
