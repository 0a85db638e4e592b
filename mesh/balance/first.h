#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/config/table.h"
#include "core/upstream/balancer.h"

namespace weir::mesh {

// Picks the first member, in the order of discovery, that has fewer requests in flight than its
// limit; the one with the fewest if all have reached it. The last members are thus often idle.
class FirstBalancer final : public upstream::Balancer {
 public:
  struct Config {
    std::optional<std::uint32_t> max_requests = std::nullopt;

    static void read(config::Table& table, Config& out);
    friend bool operator==(const Config&, const Config&) = default;
  };

  FirstBalancer(const Config& config, const upstream::BalancerTools&) : config_(config) {}

  void setMembers(std::span<upstream::Member* const> members) override {
    members_.assign(members.begin(), members.end());
  }
  upstream::Member* pick(const upstream::Pick& pick) override;

 private:
  const Config config_;
  std::vector<upstream::Member*> members_;
};

}  // namespace weir::mesh
