#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "tests/mesh/balance/members.h"

namespace weir::mesh {

// A balancer with consistent hashing, and the keys of numbered users.
template <typename Balancer>
struct KeyedUsers {
  explicit KeyedUsers(std::optional<double> load_factor = std::nullopt)
      : balancer({.load_factor = load_factor}, {random, loop, in_flight}) {}

  void use(std::span<upstream::Member* const> members) { balancer.setMembers(members); }
  upstream::Member* at(std::uint64_t user, upstream::Tried tried = {}) {
    return balancer.pick({tried, stableHash("user-" + std::to_string(user))});
  }
  std::vector<upstream::Member*> owners(std::uint64_t users = 10'000) {
    std::vector<upstream::Member*> found;
    for (std::uint64_t user = 0; user < users; ++user) found.push_back(at(user));
    return found;
  }
  // The number of keys that moved, although the member that had them is still in use.
  static int moved(const std::vector<upstream::Member*>& before,
                   const std::vector<upstream::Member*>& after, const upstream::Member* gone) {
    int count = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      count += before[i] != gone && before[i] != after[i] ? 1 : 0;
    }
    return count;
  }

  Random random{1};
  event::Loop loop{event::Loop::Time::kManual};
  std::uint32_t in_flight = 0;
  Balancer balancer;
};

}  // namespace weir::mesh
