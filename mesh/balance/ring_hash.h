#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/random.h"
#include "core/config/table.h"
#include "mesh/balance/bounded_load.h"

namespace weir::mesh {

// Consistent hashing by a ring (ketama): each member owns points on it in proportion to its weight,
// and the key of a request selects the next point. Without a key it selects a point at random.
//
// A change of the members moves only the keys of those that are added or removed. The shares are
// less even than those of Maglev. The ring contains all members: pick() walks on to the next point
// whose member can serve.
class RingHashBalancer final : public upstream::Balancer {
 public:
  struct Config {
    std::uint32_t min_ring_size = 1'024;
    std::uint32_t max_ring_size = 1'048'576;
    std::optional<double> load_factor = 1.25;

    static void read(config::Table& table, Config& out);
    friend bool operator==(const Config&, const Config&) = default;
  };

  RingHashBalancer(const Config& config, const upstream::BalancerTools& tools)
      : config_(config), random_(tools.random), load_(config.load_factor, tools.in_flight) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(const upstream::Pick& pick) override;
  bool wantsKey() const override { return true; }
  bool passesOver() const override { return true; }

 private:
  struct Point {
    std::uint64_t hash = 0;
    std::uint32_t member = 0;
    friend auto operator<=>(const Point&, const Point&) = default;
  };
  std::size_t ringSize(double lightest) const;
  void index();
  std::size_t firstFrom(std::uint64_t hash) const;

  const Config config_;
  Random& random_;
  BoundedLoad load_;
  std::vector<upstream::Member*> members_;  // in the order of their addresses
  std::vector<Point> ring_;                 // in the order of their hashes
  std::vector<std::uint32_t> starts_;       // the first point of each equal part of the hashes
  unsigned shift_ = 0;                      // from a hash to its part
};

}  // namespace weir::mesh
