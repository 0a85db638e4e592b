#include "mesh/balance/round_robin.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weir::mesh {
namespace {

constexpr int kMaxTurns = 4;

// Fractions that are far apart for adjacent numbers, by the golden ratio.
double phaseOf(std::size_t index) {
  const double turns = static_cast<double>(index) * 0.6180339887498949;
  return turns - std::floor(turns);
}

}  // namespace

void RoundRobinBalancer::setMembers(std::span<upstream::Member* const> members) {
  members_.assign(members.begin(), members.end());
  rotation_.clear();
  draw_.setMembers({});
  turn_ = random_.below(members_.size());
  if (equalWeights(members_)) return;
  std::uint64_t divisor = members_.front()->weight;
  std::uint64_t total = 0;
  for (const upstream::Member* member : members_) {
    divisor = std::gcd(divisor, member->weight);
    total += member->weight;
  }
  const std::uint64_t length = total / divisor;
  if (length > kMaxRotation) return draw_.setMembers(members_);
  planRotation(divisor, length);
  turn_ = random_.below(length);
}

// Member i with weight w takes the turns at (k + phase) / w for k = 0 .. w-1: evenly spaced, and
// the phases keep members of the same weight from being adjacent.
void RoundRobinBalancer::planRotation(std::uint64_t divisor, std::uint64_t length) {
  struct Turn {
    double time;
    std::uint32_t member;
  };
  std::vector<Turn> turns;
  turns.reserve(length);
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    const std::uint64_t weight = members_[i]->weight / divisor;
    const double phase = phaseOf(i);
    for (std::uint64_t k = 0; k < weight; ++k) {
      turns.push_back({(static_cast<double>(k) + phase) / static_cast<double>(weight), i});
    }
  }
  std::sort(turns.begin(), turns.end(),
            [](const Turn& left, const Turn& right) { return left.time < right.time; });
  rotation_.reserve(length);
  for (const Turn& turn : turns) rotation_.push_back(turn.member);
}

std::size_t RoundRobinBalancer::next() {
  if (draw_.weighted()) return draw_.draw(random_);
  const std::size_t length = rotation_.empty() ? members_.size() : rotation_.size();
  const std::size_t turn = turn_;
  turn_ = turn + 1 == length ? 0 : turn + 1;
  return rotation_.empty() ? turn : rotation_[turn];
}

upstream::Member* RoundRobinBalancer::pick(const upstream::Pick& pick) {
  if (members_.empty()) return nullptr;
  for (int i = 0; i < kMaxTurns; ++i) {
    upstream::Member* member = members_[next()];
    if (!contains(pick.tried, member)) return member;
  }
  const std::size_t start = next();
  upstream::Member* other = firstUntried(members_, start, pick.tried);
  return other != nullptr ? other : members_[start];
}

}  // namespace weir::mesh
