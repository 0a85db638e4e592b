#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/random.h"
#include "core/config/table.h"
#include "mesh/balance/bounded_load.h"

namespace weir::mesh {

// Consistent hashing by Google's Maglev: a table whose entries are shared out among the members, in
// which the key of a request selects an entry. Without a key it selects an entry at random.
//
// The table contains all members, so that one that is not available for a moment does not move the
// keys of the others: pick() walks on to the next entry whose member can serve. The table depends
// only on the addresses and weights: every worker and every node builds the same one.
class MaglevBalancer final : public upstream::Balancer {
 public:
  struct Config {
    std::optional<std::uint32_t> table_size = std::nullopt;
    std::optional<double> load_factor = 1.25;

    static void read(config::Table& table, Config& out);
    friend bool operator==(const Config&, const Config&) = default;
  };

  MaglevBalancer(const Config& config, const upstream::BalancerTools& tools)
      : config_(config), random_(tools.random), load_(config.load_factor, tools.in_flight) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(const upstream::Pick& pick) override;
  bool wantsKey() const override { return true; }
  bool passesOver() const override { return true; }

 private:
  std::size_t tableSize() const;

  const Config config_;
  Random& random_;
  BoundedLoad load_;
  std::vector<upstream::Member*> members_;  // in the order of their addresses
  std::vector<std::uint32_t> table_;        // indexes of members
};

}  // namespace weir::mesh
