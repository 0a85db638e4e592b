#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/event/loop.h"
#include "core/upstream/balancer.h"

namespace weir::mesh {

// The tools of a balancer, without time and load.
inline upstream::BalancerTools toolsOf(Random& random) {
  static event::Loop loop(event::Loop::Time::kManual);
  static const std::uint32_t in_flight = 0;
  return {random, loop, in_flight};
}

// Members for balancing, and counts of how often each was picked.
class Members {
 public:
  explicit Members(const std::vector<std::uint32_t>& weights) {
    for (const std::uint32_t weight : weights) {
      auto& member = owned_.emplace_back(std::make_unique<upstream::Member>());
      member->endpoint.weight = member->weight = weight;
      const auto number = static_cast<std::uint16_t>(8'000 + all_.size());
      member->endpoint.address = {IpAddress::v4({10, 0, 0, 1}), number};
      indexes_.emplace(member.get(), all_.size());
      all_.push_back(member.get());
    }
  }

  const std::vector<upstream::Member*>& all() const { return all_; }
  upstream::Member* operator[](std::size_t index) const { return all_[index]; }
  std::size_t indexOf(const upstream::Member* member) const { return indexes_.at(member); }

  // The number of times that each was picked in `picks`.
  std::vector<int> shares(upstream::Balancer& balancer, int picks,
                          upstream::Tried tried = {}) const {
    std::vector<int> counts(all_.size());
    for (int i = 0; i < picks; ++i) ++counts.at(indexOf(balancer.pick({tried})));
    return counts;
  }
  // The picked indexes, as text: "0 1 0 2".
  std::string sequence(upstream::Balancer& balancer, int picks) const {
    std::string text;
    for (int i = 0; i < picks; ++i) {
      text += (i > 0 ? " " : "") + std::to_string(indexOf(balancer.pick({})));
    }
    return text;
  }

 private:
  std::vector<std::unique_ptr<upstream::Member>> owned_;
  std::vector<upstream::Member*> all_;
  std::unordered_map<const upstream::Member*, std::size_t> indexes_;
};

// The largest relative deviation of a count from its weight.
inline double worstDeviation(const std::vector<int>& counts,
                             const std::vector<std::uint32_t>& weights) {
  const double picks = std::accumulate(counts.begin(), counts.end(), 0.0);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double worst = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = picks * weights[i] / total;
    worst = std::max(worst, std::abs(counts[i] - expected) / expected);
  }
  return worst;
}

}  // namespace weir::mesh
